//! How a unit of work reads and writes the rows of a resource.
use std::any::{Any, TypeId};

use kit_db::Statement;

use super::rows::{Difference, Row, Rows};
use crate::ids::{ObjectId, ScopeId};

/// Tables, each with what its key has beside the scope.
pub(crate) type Tables = &'static [(&'static str, &'static str)];

/// The queries of a row; each resource has its own in its `store`.
pub(crate) trait Stored: Row {
    /// All tables that hold something of such rows, in the order in which a scope is erased.
    const TABLES: Tables;

    /// Reads those of these ids that there are, in the trash or not.
    fn load(scope: ScopeId, ids: Vec<ObjectId>) -> Statement<Vec<Self>>;

    /// Counts those of the scope and their [bytes](Row::kept_bytes).
    fn count(scope: ScopeId) -> Statement<(i64, i64)>;

    /// Deletes what is gone or in the way of what is to be written: sent before all else.
    fn clear(scope: ScopeId, differences: &[Difference<Self>]) -> Vec<Statement>;

    /// Writes what is new and what differs, in any order.
    fn write(scope: ScopeId, differences: Vec<Difference<Self>>) -> Vec<Statement>;
}

/// A type of rows that is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    pub(crate) object_type: &'static str,
    pub(crate) count: fn(ScopeId) -> Statement<(i64, i64)>,
    pub(crate) tables: Tables,
}

impl Kind {
    /// That of the rows `R`.
    pub(crate) const fn stored<R: Stored>() -> Self {
        Self { object_type: R::TYPE, count: R::count, tables: R::TABLES }
    }
}

/// What a table of rows has to write.
pub(crate) struct Pending {
    pub(crate) clear: Vec<Statement>,
    pub(crate) write: Vec<Statement>,
}

/// The rows of some resource.
pub(crate) trait Table: Any + Send {
    /// Takes what is not in the database yet.
    fn pending(&mut self, scope: ScopeId) -> Pending;
}

impl<R: Stored> Table for Rows<R> {
    fn pending(&mut self, scope: ScopeId) -> Pending {
        let differences = self.take_differences();
        Pending { clear: R::clear(scope, &differences), write: R::write(scope, differences) }
    }
}

/// A table, by the type of its rows.
pub(crate) type Loaded = (TypeId, Box<dyn Table>);

/// A row that a write is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    row: TypeId,
    id: ObjectId,
    load: fn(ScopeId, Vec<ObjectId>) -> Statement<Loaded>,
}

impl Wanted {
    /// The row of type `R` by this id.
    pub(crate) fn row<R: Stored>(id: impl Into<ObjectId>) -> Self {
        Self { row: TypeId::of::<R>(), id: id.into(), load: load::<R> }
    }

    /// A statement for each type among them.
    pub(crate) fn load(scope: ScopeId, mut wanted: Vec<Self>) -> Vec<Statement<Loaded>> {
        wanted.sort_unstable_by_key(|wanted| (wanted.row, wanted.id));
        let of_a_type = wanted.chunk_by(|one, other| one.row == other.row);
        of_a_type
            .map(|alike| (alike[0].load)(scope, alike.iter().map(|wanted| wanted.id).collect()))
            .collect()
    }
}

fn load<R: Stored>(scope: ScopeId, ids: Vec<ObjectId>) -> Statement<Loaded> {
    let query = R::load(scope, ids.clone());
    Box::new(move |backend| {
        Box::pin(async move {
            let mut rows = Rows::<R>::default();
            rows.cache(ids, query(backend).await?);
            Ok((TypeId::of::<R>(), Box::new(rows) as Box<dyn Table>))
        })
    })
}
