use super::*;

fn parse(
    date: Option<&str>,
    datetime: Option<&str>,
    time_zone: Option<&str>,
) -> Result<Due, Vec<String>> {
    let own = |text: Option<&str>| text.map(str::to_owned);
    let mut faults = vec![];
    let due = Due::parse(
        DueFields { date: own(date), datetime: own(datetime), time_zone: own(time_zone) },
        &mut faults,
    );
    due.ok_or_else(|| faults.into_iter().map(|fault| fault.field).collect())
}

/// What is wrong with `datetime` and `date`, by its code.
fn codes(date: Option<&str>, datetime: Option<&str>) -> Vec<String> {
    let (own, mut faults) = (|text: Option<&str>| text.map(str::to_owned), vec![]);
    let fields = DueFields { date: own(date), datetime: own(datetime), time_zone: None };
    assert_eq!(Due::parse(fields, &mut faults), None);
    faults.into_iter().map(|fault| fault.reason).collect()
}

#[test]
fn what_is_no_time_and_what_is_no_day_have_a_code_each() {
    assert_eq!(codes(None, Some("2026-02-30T09:00:00")), ["DATETIME"]);
    assert_eq!(codes(Some("2026-02-30"), None), ["DATE"]);
}

fn json(due: &Due) -> String {
    serde_json::to_string(&due.clone().into_fields()).unwrap()
}

#[test]
fn each_kind_keeps_what_was_said() {
    let day = parse(Some("2026-09-01"), None, None).unwrap();
    assert_eq!(
        (json(&day).as_str(), day.at.to_string().as_str()),
        (r#"{"date":"2026-09-01"}"#, "2026-09-01T00:00:00Z")
    );
    let fixed = parse(None, Some("2026-09-01T09:00:00"), Some("Europe/Berlin")).unwrap();
    assert_eq!(fixed.at.to_string(), "2026-09-01T07:00:00Z");
    assert_eq!(json(&fixed), r#"{"datetime":"2026-09-01T09:00:00","time_zone":"Europe/Berlin"}"#);
    let utc = parse(None, Some("2026-09-01T09:00:00Z"), None).unwrap();
    assert_eq!(
        (utc.zone.as_deref(), utc.at.to_string().as_str()),
        (Some("UTC"), "2026-09-01T09:00:00Z")
    );
}

#[test]
fn an_offset_is_converted_and_never_forgotten() {
    for text in [
        "2026-09-01T09:00:00+02:00",
        "2026-09-01T07:00:00Z",
        "2026-09-01T07:00:00+00:00",
        "2026-09-01T07:00:00-00:00",
        "2026-09-01T01:30:00-05:30",
        "2026-09-02T06:59:00+23:59",
        "2026-08-31T07:01:00-23:59",
    ] {
        let due = parse(None, Some(text), None).unwrap();
        assert_eq!(json(&due), r#"{"datetime":"2026-09-01T07:00:00","time_zone":"UTC"}"#, "{text}");
        assert_eq!(due.at.to_string(), "2026-09-01T07:00:00Z", "{text}");
        for zone in ["utc", "Europe/Berlin"] {
            let refused = Err(vec!["due.datetime".to_owned()]);
            assert_eq!(parse(None, Some(text), Some(zone)), refused, "{text} {zone}");
        }
    }
}

#[test]
fn a_time_that_cannot_be_kept_is_refused() {
    for text in [
        "2026-09-01T09:00:00.5",
        "2026-09-01T09:00:00.5Z",
        "2026-09-01T09:00:00[Europe/Berlin]",
        "2026-09-01T09:00:00+02:00[Europe/Berlin]",
        "-000001-09-01T09:00:00",
        "0000-09-01T09:00:00",
        "9999-12-31T00:00:00",
        "9999-12-31T00:00:00Z",
        "2026-09-01 09:00:00",
        "2026-02-30T09:00:00",
        "2026-09-01T25:00:00",
        "T09:00:00",
        "2026-09-01T09",
        "2026-09-01T09:00",
        "2026-09-01T0900",
        "2026-09-01T090000",
        "20260901T090000",
        "+002026-09-01T09:00:00",
        "2026-09-01t09:00:00",
        "2026-09-01T09:00:00z",
        "2026-09-01T24:00:00",
        "2026-09-01T23:59:60",
        "2026-09-01T23:59:60Z",
        "2026-09-01T09:60:00",
        "2026-09-01T09:00:00+24:00",
        "2026-09-01T09:00:00+25:00",
        "2026-09-01T09:00:00+02:60",
        "2026-09-01T09:00:00+02:00:30",
        "2026-09-01T09:00:00+0200",
        "2026-09-01T09:00:00+02",
        "2026-09-01T09:00:00+2:00",
        "2026-09-01T09:00:00\u{2212}02:00",
        "2026-09-01T09:00:00+02:00Z",
        "2026-09-01T09:00:00 Z",
        "2026-09-01T09:00:0\u{660}",
        "9999-12-30T00:00:00+23:00",
        "9999-12-29T00:00:00+01:00",
        "0001-01-02T00:00:00-01:00",
        "2026-W36-2T09:00:00",
        "",
    ] {
        assert_eq!(parse(None, Some(text), None), Err(vec!["due.datetime".to_owned()]), "{text}");
    }
}

#[test]
fn a_day_that_cannot_be_kept_is_refused() {
    for text in [
        "9999-12-31",
        "9999-12-30",
        "0000-01-01",
        "0001-01-01",
        "-000001-01-01",
        "2026-9-1",
        "20260901",
        "2026-09-01Z",
        "2026-W36-2",
        "2026-244",
        "2026-09-0a",
        "2026/09/01",
        "",
    ] {
        assert_eq!(parse(Some(text), None, None), Err(vec!["due.date".to_owned()]), "{text}");
    }
}

#[test]
fn the_first_and_the_last_day_are_the_same_everywhere() {
    for text in ["0001-01-02", "9999-12-29"] {
        assert_eq!(parse(Some(text), None, None).unwrap().local, text);
        for zone in ["UTC", "Pacific/Kiritimati", "Etc/GMT+12"] {
            let time = format!("{text}T23:59:59");
            assert_eq!(parse(None, Some(&time), Some(zone)).unwrap().local, time, "{zone}");
        }
    }
}

#[test]
fn a_zone_has_one_spelling() {
    for (given, kept) in [
        ("europe/berlin", "Europe/Berlin"),
        ("EUROPE/BERLIN", "Europe/Berlin"),
        ("utc", "UTC"),
        ("Asia/Calcutta", "Asia/Calcutta"),
    ] {
        let due = parse(None, Some("2026-09-01T09:00:00"), Some(given)).unwrap();
        assert_eq!(due.zone.as_deref(), Some(kept));
    }
    for given in ["Mars/Base", "Etc/Unknown", "Factory", "+02:00", "", "Europe/Berlin "] {
        assert_eq!(
            parse(None, Some("2026-09-01T09:00:00"), Some(given)),
            Err(vec!["due.time_zone".to_owned()]),
            "{given}"
        );
    }
}

#[test]
fn a_skipped_wall_time_moves_on_and_a_double_one_is_the_first() {
    let skipped = parse(None, Some("2026-03-29T02:30:00"), Some("Europe/Berlin")).unwrap();
    assert_eq!(skipped.at.to_string(), "2026-03-29T01:30:00Z");
    let double = parse(None, Some("2026-10-25T02:30:00"), Some("Europe/Berlin")).unwrap();
    assert_eq!(double.at.to_string(), "2026-10-25T00:30:00Z");
}

#[test]
fn what_is_no_due_names_each_of_its_faults() {
    let (day, time, zone) = (Some("2026-09-01"), Some("2026-09-01T09:00:00"), Some("UTC"));
    let (utc, bad) = (Some("2026-09-01T09:00:00Z"), Some("bad"));
    for (date, datetime, time_zone, faults) in [
        (None, None, None, &["due"][..]),
        (None, None, zone, &["due"]),
        (None, None, bad, &["due.time_zone", "due"]),
        (day, time, None, &["due"]),
        (day, time, zone, &["due"]),
        (day, utc, Some("Europe/Berlin"), &["due", "due.datetime"]),
        (day, None, zone, &["due.time_zone"]),
        (day, None, bad, &["due.time_zone", "due.time_zone"]),
        (day, bad, None, &["due.datetime", "due"]),
        (bad, None, None, &["due.date"]),
        (bad, None, zone, &["due.date", "due.time_zone"]),
        (bad, None, bad, &["due.date", "due.time_zone", "due.time_zone"]),
        (bad, time, None, &["due.date", "due"]),
        (bad, bad, bad, &["due.date", "due.datetime", "due.time_zone", "due"]),
        (None, bad, None, &["due.datetime"]),
        (None, bad, bad, &["due.datetime", "due.time_zone"]),
        (None, time, bad, &["due.time_zone"]),
        (None, utc, bad, &["due.time_zone"]),
        (None, utc, Some("Europe/Berlin"), &["due.datetime"]),
        (None, day, None, &["due.datetime"]),
    ] {
        let told = parse(date, datetime, time_zone).unwrap_err();
        assert_eq!(told, faults, "{date:?}, {datetime:?}, {time_zone:?}");
    }
}
