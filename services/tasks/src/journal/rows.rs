//! The rows that a unit of work holds in memory: how each is in the database, and how it will be.
use std::collections::HashMap;

use kit_base::Timestamp;
use kit_db::sql::JsonText;

use super::fields::ChangedFields;
use crate::ids::ObjectId;

/// A row that a unit of work can hold, as a write sees it.
pub(crate) trait Row: Clone + PartialEq + Send + Sync + 'static {
    /// What the journal and the trash call it.
    const TYPE: &'static str;

    /// Its id, which only its type and its scope make unique.
    fn id(&self) -> ObjectId;

    /// Grows with each change.
    fn version(&self) -> i64;

    /// About how many bytes it takes; [`Stored::count`](super::stored::Stored::count) sums the same.
    fn kept_bytes(&self) -> usize;

    /// Sets what every change sets.
    fn stamp(&mut self, version: i64, now: Timestamp);

    /// Notes each field that a client can see and that is not as it was `before`. It destructures the row without `..`, so that a
    /// new field is either told or left out by decision.
    fn tell_changes(&self, before: Option<&Self>, changes: &mut ChangedFields);

    /// What there is to count of the change, if anything.
    fn tally(&self, _before: Option<&Self>) -> Option<Tally> {
        None
    }
}

/// Counts a change: to be called when it is known to be durable.
pub(crate) type Tally = Box<dyn FnOnce() + Send>;

/// What comes with a change.
pub(crate) struct Told {
    pub(crate) changes: JsonText,
    pub(crate) tally: Option<Tally>,
}

/// What has to be written of a row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Difference<R> {
    /// It is new.
    Made(R),
    /// It differs.
    Changed { from: R, to: R },
    /// It is to be deleted.
    Gone(R),
}

#[derive(Clone, Debug)]
struct Known<R> {
    stored: Option<R>,
    row: Option<R>,
}

/// All rows of a type that a unit knows.
#[derive(Debug)]
pub(crate) struct Rows<R>(HashMap<ObjectId, Known<R>>);

impl<R> Default for Rows<R> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<R: Row> Rows<R> {
    /// The row by this id, or that there is none; `None` when nobody has looked yet.
    pub(crate) fn cached(&self, id: ObjectId) -> Option<Option<&R>> {
        self.0.get(&id).map(|known| known.row.as_ref())
    }

    /// Takes what a query found for ids that it was asked for. What is known already is newer and stays.
    pub(crate) fn cache(&mut self, asked: impl IntoIterator<Item = ObjectId>, found: Vec<R>) {
        for row in found {
            self.0
                .entry(row.id())
                .or_insert_with(|| Known { stored: Some(row.clone()), row: Some(row) });
        }
        for id in asked {
            self.0.entry(id).or_insert(Known { stored: None, row: None });
        }
        #[cfg(test)]
        tests::note(self.0.len());
    }

    /// Forgets rows that have nothing to be written.
    pub(crate) fn forget(&mut self, ids: &[ObjectId]) {
        for id in ids {
            if self.0.get(id).is_some_and(|known| known.stored == known.row) {
                self.0.remove(id);
            }
        }
    }

    /// How many it knows of.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Takes over a row as it is to be: the row with its next version, and what is told of the change. None when it is, field by field, as
    /// it was. The whole rows are compared, so that no field can be forgotten.
    pub(crate) fn save(&mut self, mut row: R, now: Timestamp) -> (R, Option<Told>) {
        let known = self.0.entry(row.id()).or_insert(Known { stored: None, row: None });
        if known.row.as_ref() == Some(&row) {
            return (row, None);
        }
        let mut changes = ChangedFields::default();
        row.tell_changes(known.row.as_ref(), &mut changes);
        let tally = row.tally(known.row.as_ref());
        if let Some(before) = &known.row {
            row.stamp(before.version() + 1, now);
        }
        known.row = Some(row.clone());
        (row, Some(Told { changes: changes.into_json(), tally }))
    }

    /// Deletes a row, which may have been let go of.
    pub(crate) fn remove(&mut self, row: &R) {
        let known = self.0.entry(row.id());
        known.or_insert_with(|| Known { stored: Some(row.clone()), row: None }).row = None;
    }

    /// Takes what is not in the database yet, and counts it as written.
    pub(crate) fn take_differences(&mut self) -> Vec<Difference<R>> {
        let mut differences = vec![];
        for known in self.0.values_mut() {
            differences.extend(match (&known.stored, &known.row) {
                (None, Some(row)) => Some(Difference::Made(row.clone())),
                (Some(from), Some(to)) if from != to => {
                    Some(Difference::Changed { from: from.clone(), to: to.clone() })
                }
                (Some(from), None) => Some(Difference::Gone(from.clone())),
                (Some(_), Some(_)) | (None, None) => None,
            });
            known.stored.clone_from(&known.row);
        }
        differences
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::cell::Cell;

    use uuid::Uuid;

    use super::*;

    thread_local! {
        static MOST: Cell<usize> = const { Cell::new(0) };
    }

    pub(super) fn note(held: usize) {
        MOST.set(MOST.get().max(held));
    }

    /// The most rows of a type that were held at a time on this thread, since this was asked last.
    pub(crate) fn most_held() -> usize {
        MOST.take()
    }

    /// A resource with a field that clients see and one that they do not.
    #[derive(Clone, Debug, PartialEq)]
    struct Fixture {
        id: u128,
        seen: &'static str,
        unseen: &'static str,
        version: i64,
        updated_at: Timestamp,
    }

    impl Row for Fixture {
        const TYPE: &'static str = "fixture";

        fn id(&self) -> ObjectId {
            ObjectId(Uuid::from_u128(self.id))
        }

        fn version(&self) -> i64 {
            self.version
        }

        fn kept_bytes(&self) -> usize {
            1
        }

        fn stamp(&mut self, version: i64, now: Timestamp) {
            (self.version, self.updated_at) = (version, now);
        }

        fn tell_changes(&self, before: Option<&Self>, changes: &mut ChangedFields) {
            let Self { id: _, seen, unseen: _, version: _, updated_at: _ } = self;
            changes.field("seen", before.map(|before| before.seen), seen);
        }
    }

    const THEN: Timestamp = Timestamp::from_seconds(1);
    const NOW: Timestamp = Timestamp::from_seconds(2);

    fn fixture() -> Fixture {
        Fixture { id: 7, seen: "a", unseen: "a", version: 3, updated_at: THEN }
    }

    fn stored() -> Rows<Fixture> {
        let mut rows = Rows::default();
        rows.cache([fixture().id()], vec![fixture()]);
        rows
    }

    #[test]
    fn a_field_that_is_told_to_nobody_is_stored_all_the_same() {
        let mut rows = stored();
        let (saved, told) = rows.save(Fixture { unseen: "b", ..fixture() }, NOW);
        assert_eq!(saved, Fixture { unseen: "b", version: 4, updated_at: NOW, ..fixture() });
        assert_eq!(told.unwrap().changes.0, "{}");
        assert_eq!(rows.take_differences(), [Difference::Changed { from: fixture(), to: saved }]);
    }

    #[test]
    fn a_row_as_it_was_is_not_written() {
        let mut rows = stored();
        let (saved, told) = rows.save(fixture(), NOW);
        assert!(saved == fixture() && told.is_none());
        assert_eq!(rows.take_differences(), []);
    }

    #[test]
    fn each_change_raises_the_version_and_all_go_out_as_one() {
        let mut rows = stored();
        let (once, told) = rows.save(Fixture { seen: "b", ..fixture() }, NOW);
        assert_eq!(told.unwrap().changes.0, r#"{"seen":{"from":"a","to":"b"}}"#);
        let (twice, _) = rows.save(Fixture { seen: "c", ..once }, NOW);
        assert_eq!(twice.version, 5);
        assert_eq!(rows.take_differences(), [Difference::Changed { from: fixture(), to: twice }]);
        assert_eq!(rows.take_differences(), [], "what was taken counts as written");
    }

    #[test]
    fn what_is_made_keeps_its_first_version() {
        let mut rows = Rows::default();
        let (made, told) = rows.save(Fixture { version: 1, ..fixture() }, NOW);
        assert_eq!((made.version, made.updated_at), (1, THEN));
        assert_eq!(told.unwrap().changes.0, r#"{"seen":{"to":"a"}}"#);
        assert_eq!(rows.take_differences(), [Difference::Made(made)]);
    }

    #[test]
    fn what_is_known_is_newer_than_what_is_found_again() {
        let mut rows = stored();
        let (saved, _) = rows.save(Fixture { seen: "b", ..fixture() }, NOW);
        rows.cache([fixture().id()], vec![fixture()]);
        assert_eq!(rows.cached(fixture().id()), Some(Some(&saved)));
    }

    #[test]
    fn what_was_looked_for_and_not_found_is_known_to_be_missing() {
        let mut rows = Rows::<Fixture>::default();
        let id = fixture().id();
        assert_eq!(rows.cached(id), None);
        rows.cache([id], vec![]);
        assert_eq!(rows.cached(id), Some(None));
    }

    #[test]
    fn what_has_still_to_be_written_is_not_forgotten() {
        let mut rows = stored();
        let (saved, _) = rows.save(Fixture { seen: "b", ..fixture() }, NOW);
        rows.forget(&[saved.id()]);
        assert_eq!(rows.cached(saved.id()), Some(Some(&saved)));
        rows.take_differences();
        rows.forget(&[saved.id()]);
        assert_eq!(rows.cached(saved.id()), None, "whoever wants it looks again");
    }

    #[test]
    fn what_was_let_go_of_is_deleted_all_the_same() {
        let mut rows = stored();
        rows.forget(&[fixture().id()]);
        rows.remove(&fixture());
        assert_eq!(rows.take_differences(), [Difference::Gone(fixture())]);
    }

    #[test]
    fn what_is_made_and_removed_at_once_was_never_there() {
        let mut rows = stored();
        rows.remove(&fixture());
        assert_eq!(rows.take_differences(), [Difference::Gone(fixture())]);
        let (made, _) = rows.save(fixture(), NOW);
        rows.remove(&made);
        assert_eq!(rows.take_differences(), []);
    }
}
