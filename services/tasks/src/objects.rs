//! What an id can name in a scope: one thing, of whatever type, since in the trash it stands alone.
use uuid::Uuid;

use crate::{
    Error,
    journal::{self, stored::Wanted, unit::Unit},
    projects::row::Project,
    tasks::row::Task,
};

/// The rows that a new thing with an id of the client's choice is about: nobody looks for what is only made.
pub(crate) fn wanted(chosen: Option<Uuid>) -> Vec<Wanted> {
    let rows = |id| [Wanted::row::<Project>(id), Wanted::row::<Task>(id)];
    chosen.into_iter().flat_map(rows).collect()
}

/// The id of a new thing: the client's choice, if nothing has it, or one of our own.
pub(crate) async fn new_id(unit: &mut Unit, chosen: Option<Uuid>) -> Result<Uuid, Error> {
    let Some(id) = chosen else {
        let id = kit_base::id::uuid(&unit.clock);
        unit.expect_none::<Project>(id);
        unit.expect_none::<Task>(id);
        return Ok(id);
    };
    if unit.find::<Project>(id).await?.is_some() || unit.find::<Task>(id).await?.is_some() {
        return Err(journal::error::Error::IdTaken.into());
    }
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chosen_id_is_looked_for_among_all_that_it_can_name() {
        assert_eq!(wanted(Some(Uuid::from_u128(7))).len(), 2);
        assert_eq!(wanted(None).len(), 0, "nobody looks for what is only made");
    }
}
