//! Labels: names on a task, the same whatever their case.
use std::io::Write as _;

use diesel::{
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    pg::{Pg, PgValue},
    serialize::{self, IsNull, Output, ToSql},
    sqlite::{Sqlite, SqliteValue},
};
use kit::{
    Violation,
    db::sql::{Json, JsonText},
};

const LONGEST: usize = 60;
const MOST: usize = 64;

/// The labels of a task in the order they were given, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Json)]
pub(crate) struct Labels(pub(crate) Vec<String>);

impl Labels {
    /// Checks what a client gave.
    pub(crate) fn parse(given: &[String], faults: &mut Vec<Violation>) -> Self {
        if given.len() > MOST {
            faults.push(Violation::new("labels", "TOO_MANY", format!("at most {MOST} labels")));
            return Self::default();
        }
        let mut labels: Vec<String> = vec![];
        for (place, label) in given.iter().enumerate() {
            let label = super::text(&format!("labels.{place}"), label, LONGEST, faults);
            if !labels.iter().any(|known| fold(known) == fold(&label)) {
                labels.push(label);
            }
        }
        Self(labels)
    }

    /// How they are found.
    pub(crate) fn folded(&self) -> Vec<String> {
        self.0.iter().map(|label| fold(label)).collect()
    }
}

/// The form in which two labels are the same.
pub(crate) fn fold(label: &str) -> String {
    label.trim().to_lowercase()
}

impl ToSql<Json, Pg> for Labels {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(&[1])?;
        serde_json::to_writer(out, &self.0)?;
        Ok(IsNull::No)
    }
}

impl ToSql<Json, Sqlite> for Labels {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(serde_json::to_string(&self.0)?);
        Ok(IsNull::No)
    }
}

impl FromSql<Json, Pg> for Labels {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let JsonText(text) = FromSql::<Json, Pg>::from_sql(value)?;
        Ok(Self(serde_json::from_str(&text)?))
    }
}

impl FromSql<Json, Sqlite> for Labels {
    fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        let JsonText(text) = FromSql::<Json, Sqlite>::from_sql(value)?;
        Ok(Self(serde_json::from_str(&text)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_counts_once_whatever_its_case() {
        let mut faults = vec![];
        let labels = Labels::parse(
            &["Home".to_owned(), " home ".to_owned(), "Büro".to_owned(), "BÜRO".to_owned()],
            &mut faults,
        );
        assert_eq!((labels.0, faults), (vec!["Home".to_owned(), "Büro".to_owned()], vec![]));
    }

    #[test]
    fn each_unacceptable_label_is_named() {
        let mut faults = vec![];
        Labels::parse(&[String::new(), "ok".to_owned(), "x".repeat(61)], &mut faults);
        let fields: Vec<_> =
            faults.iter().map(|fault| (fault.field.as_str(), fault.reason.as_str())).collect();
        assert_eq!(fields, [("labels.0", "REQUIRED"), ("labels.2", "TOO_LONG")]);
    }
}
