//! The route table, made of what the resources offer.
use axum::{Router, http::StatusCode};

use crate::{
    edge::{access::Access, guard::around},
    operations::Operations,
    shared::Gateway,
};

/// All routes, inside the edge.
pub(crate) fn router(resources: Vec<Operations>, gateway: &Gateway) -> Router {
    let mut guarded = Access::ALL.map(|access| (access, Router::new()));
    let mut add = |access, path: &str, handler| {
        let found = guarded.iter_mut().find(|(of, _)| *of == access);
        let (_, router) = found.expect("all are there");
        *router = std::mem::take(router).route(path, handler);
    };
    for Operations { list, pages, .. } in resources {
        for operation in list {
            add(operation.traits.access, &operation.path, operation.handler);
        }
        for (path, handler) in pages {
            add(Access::Anyone, path, handler);
        }
    }
    add_nothing(&mut guarded);
    let all = guarded.into_iter().fold(Router::new(), |all, (access, router)| {
        all.merge(router.layer(around(gateway, access)))
    });
    all.with_state(gateway.clone())
}

/// What is on no path is refused inside the edge, too.
fn add_nothing(guarded: &mut [(Access, Router<Gateway>)]) {
    if let Some((_, router)) = guarded.iter_mut().find(|(access, _)| *access == Access::Anyone) {
        *router = std::mem::take(router).fallback(async || StatusCode::NOT_FOUND);
    }
}
