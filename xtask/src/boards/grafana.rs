//! The JSON of Grafana's classic model.
use serde_json::{Value, json};

use super::board::{Board, Kind, Panel, chosen};

const COLUMNS: u32 = 24;

pub(super) fn board(board: &Board) -> Value {
    json!({
        "uid": board.uid,
        "title": format!("Errand / {}", board.title),
        "description": board.about,
        "tags": ["errand"],
        "schemaVersion": 39,
        "version": 1,
        "editable": true,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "templating": {"list": variables()},
        "annotations": {"list": annotations()},
        "links": [{
            "title": "Errand", "type": "dashboards", "tags": ["errand"], "asDropdown": true, "includeVars": true, "keepTime": true,
            "icon": "external link", "targetBlank": false, "url": "", "tooltip": "",
        }],
        "panels": panels(board),
    })
}

fn variables() -> Vec<Value> {
    let source = |name: &str, label: &str, kind: &str| json!({"name": name, "label": label, "type": "datasource", "query": kind, "current": {}, "hide": 0});
    let mut list = vec![source("datasource", "Metrics", "prometheus")];
    list.extend(["cluster", "namespace", "job", "pod"].map(choice));
    list.extend([source("logs", "Logs", "loki"), source("traces", "Traces", "tempo")]);
    list
}

/// A variable of what there is of a label, all at first.
fn choice(label: &str) -> Value {
    let before = match label {
        "cluster" => "",
        "namespace" => r#"{cluster=~"$cluster"}"#,
        "job" => r#"{cluster=~"$cluster",namespace=~"$namespace"}"#,
        _ => r#"{cluster=~"$cluster",namespace=~"$namespace",job=~"$job"}"#,
    };
    let query = format!("label_values(errand_build_info{before}, {label})");
    let (first, rest) = label.split_at(1);
    json!({
        "name": label,
        "label": format!("{}{rest}", first.to_uppercase()),
        "type": "query",
        "datasource": prometheus(),
        "query": query,
        "definition": query,
        "refresh": 2,
        "includeAll": true,
        "multi": true,
        // What has no such label, as outside of a cluster, is there too.
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
    })
}

fn annotations() -> Vec<Value> {
    let of = |name: &str, color: &str, expression: &str, title: &str, text: &str| {
        json!({
            "name": name, "enable": true, "hide": false, "iconColor": color, "datasource": prometheus(),
            "expr": expression, "step": "60s", "titleFormat": title, "textFormat": text,
        })
    };
    let builds = "count by (service_name, version, revision) (errand_build_info{$chosen})";
    let new = format!("{builds} unless {}", builds.replace("})", "} offset 5m)"));
    vec![
        of("Deployments", "blue", &chosen(&new), "{{service_name}} {{version}}", "{{revision}}"),
        of(
            "Alerts",
            "red",
            r#"ALERTS{alertname=~"Errand.+",alertstate="firing",severity!="info"}"#,
            "{{alertname}}",
            "{{severity}}",
        ),
    ]
}

/// All panels, row by row, from left to right.
fn panels(board: &Board) -> Vec<Value> {
    let (mut list, mut id, mut y) = (vec![], 0, 0);
    for row in &board.row {
        id += 1;
        list.push(json!({
            "id": id, "type": "row", "title": row.title, "collapsed": false, "panels": [],
            "gridPos": {"x": 0, "y": y, "w": COLUMNS, "h": 1},
        }));
        y += 1;
        let (mut x, mut tallest) = (0, 0);
        for panel in &row.panel {
            let height = panel.height.unwrap_or(if panel.kind == Kind::Stat { 4 } else { 8 });
            if x + panel.width > COLUMNS {
                (x, y, tallest) = (0, y + tallest, 0);
            }
            id += 1;
            let place = json!({"x": x, "y": y, "w": panel.width, "h": height});
            list.push(of_panel(panel, id, &place));
            (x, tallest) = (x + panel.width, tallest.max(height));
        }
        y += tallest;
    }
    list
}

fn of_panel(panel: &Panel, id: u32, place: &Value) -> Value {
    let source = match panel.kind {
        Kind::Logs => json!({"type": "loki", "uid": "${logs}"}),
        Kind::Traces => json!({"type": "tempo", "uid": "${traces}"}),
        _ => prometheus(),
    };
    let targets: Vec<_> = panel
        .ask
        .iter()
        .zip('A'..='Z')
        .map(|(ask, name)| target(panel, &source, ask, name))
        .collect();
    let about = match &*panel.empty {
        "" => panel.about.clone(),
        empty => format!("{} Empty where {empty}.", panel.about),
    };
    json!({
        "id": id,
        "type": kind(panel.kind),
        "title": panel.title,
        "description": about,
        "datasource": source,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": targets,
        "options": options(panel.kind),
    })
}

fn target(panel: &Panel, source: &Value, [expression, legend]: &[String; 2], name: char) -> Value {
    let expression = chosen(expression);
    match panel.kind {
        Kind::Logs => json!({"refId": name, "datasource": source, "expr": expression}),
        Kind::Traces => {
            json!({"refId": name, "datasource": source, "query": expression, "queryType": "traceql", "limit": 20})
        }
        Kind::Table => json!({
            "refId": name, "datasource": source, "expr": expression, "legendFormat": legend, "instant": true, "format": "table",
        }),
        Kind::Heatmap => json!({
            "refId": name, "datasource": source, "expr": expression, "legendFormat": legend, "format": "heatmap",
            "exemplar": panel.exemplars,
        }),
        Kind::Timeseries | Kind::Stat => json!({
            "refId": name, "datasource": source, "expr": expression, "legendFormat": legend, "instant": false,
            "exemplar": panel.exemplars,
        }),
    }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Timeseries => "timeseries",
        Kind::Stat => "stat",
        Kind::Table => "table",
        Kind::Heatmap => "heatmap",
        Kind::Logs => "logs",
        Kind::Traces => "table",
    }
}

fn options(kind: Kind) -> Value {
    match kind {
        Kind::Timeseries => json!({
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": true},
            "tooltip": {"mode": "multi", "sort": "desc"},
        }),
        Kind::Stat => json!({"reduceOptions": {"calcs": ["lastNotNull"]}, "colorMode": "value"}),
        Kind::Heatmap => {
            json!({"calculate": false, "yAxis": {"unit": "s"}, "color": {"mode": "scheme", "scheme": "Blues"}})
        }
        Kind::Logs => json!({"showTime": true, "wrapLogMessage": true, "enableLogDetails": true}),
        Kind::Table | Kind::Traces => json!({"showHeader": true}),
    }
}

fn prometheus() -> Value {
    json!({"type": "prometheus", "uid": "${datasource}"})
}
