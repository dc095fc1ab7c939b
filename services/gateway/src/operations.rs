//! What a resource offers. Each operation is said once, with its handler, its place in the OpenAPI document and its traits: the router
//! and the document are made from one list, and neither guesses from a path.
use axum::routing::MethodRouter;
use serde_json::Value;
use utoipa::openapi::{
    RefOr, Schema,
    path::{HttpMethod, Operation as Documented},
};
use utoipa_axum::router::UtoipaMethodRouter;

use crate::{edge::access::Access, openapi::methods::methods, shared::Gateway};

/// All that a resource offers.
pub(crate) struct Operations {
    /// The resource's name in the document.
    pub(crate) tag: &'static str,
    /// What it is, in a few words.
    pub(crate) about: &'static str,
    /// Its operations.
    pub(crate) list: Vec<Operation>,
    /// What its shapes may hold.
    pub(crate) bounds: Vec<Bound>,
    /// What is served beside them, and is no part of the API.
    pub(crate) pages: Vec<(&'static str, MethodRouter<Gateway>)>,
}

/// What a shape may hold, where its type does not say so. The numbers are those that the services check.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bound {
    /// So many characters.
    Length { shape: &'static str, field: &'static str, least: usize, most: usize },
    /// Characters in an order that a regular expression allows.
    Pattern { shape: &'static str, field: &'static str, pattern: &'static str },
    /// A number from the first to the second.
    Range { shape: &'static str, field: &'static str, bounds: [i32; 2] },
    /// So many texts that can be seen, each of at most so many characters.
    Items { shape: &'static str, field: &'static str, most: usize, longest: usize },
    /// Of one kind among several.
    Either { shape: &'static str, kinds: &'static [Kind] },
}

/// A kind of an object. A field that is neither here nor there may only be null.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    /// Fields that have to be there.
    pub(crate) has: &'static [&'static str],
    /// Fields that may be there.
    pub(crate) may_have: &'static [&'static str],
    /// Fields that are written by a pattern of their own in this kind.
    pub(crate) patterns: &'static [(&'static str, &'static str)],
}

/// One operation: a method on a path.
pub(crate) struct Operation {
    pub(crate) path: String,
    pub(crate) method: HttpMethod,
    pub(crate) traits: Traits,
    pub(crate) handler: MethodRouter<Gateway>,
    pub(crate) documented: Documented,
    /// The shapes that it reads and gives.
    pub(crate) schemas: Vec<(String, RefOr<Schema>)>,
}

/// What is true of an operation, and cannot be read from its handler.
#[derive(Clone, Debug)]
pub(crate) struct Traits {
    /// Who may come.
    pub(crate) access: Access,
    /// It is about one resource with a version: a write may name the one it knows, a read the one it has.
    pub(crate) versioned: bool,
    /// It may be sent under an `Idempotency-Key`, as any write of a user may.
    pub(crate) keyed: bool,
    /// Its reply has an ETag, by which a client asks whether it has changed.
    pub(crate) cached: bool,
    /// It gives a page of a list: `limit` and `cursor` say which.
    pub(crate) paged: bool,
    /// It goes on behind the event that `Last-Event-ID` names.
    pub(crate) resumed: bool,
    /// Statuses that it refuses with, beyond those that access, method and body bring along.
    pub(crate) refusals: &'static [u16],
    /// A body that it accepts as it is.
    pub(crate) example: Option<Value>,
}

impl Traits {
    /// Of an operation that `access` is true of, and nothing else.
    pub(crate) fn new(access: Access) -> Self {
        let [versioned, keyed, cached, paged, resumed] = [false; 5];
        Self { access, versioned, keyed, cached, paged, resumed, refusals: &[], example: None }
    }

    pub(crate) fn versioned(self) -> Self {
        Self { versioned: true, ..self }
    }

    pub(crate) fn keyed(self) -> Self {
        Self { keyed: true, ..self }
    }

    pub(crate) fn cached(self) -> Self {
        Self { cached: true, ..self }
    }

    pub(crate) fn paged(self) -> Self {
        Self { paged: true, ..self }
    }

    pub(crate) fn resumed(self) -> Self {
        Self { resumed: true, ..self }
    }

    pub(crate) fn refuses(self, refusals: &'static [u16]) -> Self {
        Self { refusals, ..self }
    }

    pub(crate) fn example(self, example: Value) -> Self {
        Self { example: Some(example), ..self }
    }
}

impl Operations {
    /// Of the resource `tag`, about which nothing is said yet.
    pub(crate) fn new(tag: &'static str, about: &'static str) -> Self {
        Self { tag, about, list: vec![], bounds: vec![], pages: vec![] }
    }

    /// Adds an operation, as `routes!` makes one of its handler.
    pub(crate) fn offer(
        mut self,
        (schemas, paths, handler): UtoipaMethodRouter<Gateway>,
        traits: Traits,
    ) -> Self {
        let mut offered = paths.paths.iter().flat_map(|(path, item)| {
            methods(item).map(move |(method, operation)| (path, method, operation))
        });
        let (path, method, documented) = match (offered.next(), offered.next()) {
            (Some((path, method, one)), None) => (path.clone(), method, one.clone()),
            _ => panic!("each handler is offered by itself, with its own traits"),
        };
        self.list.push(Operation { path, method, traits, handler, documented, schemas });
        self
    }

    /// Says how long a text is in each of `shapes`.
    pub(crate) fn length(
        mut self,
        shapes: &[&'static str],
        field: &'static str,
        least: usize,
        most: usize,
    ) -> Self {
        let length = |shape: &&'static str| Bound::Length { shape, field, least, most };
        self.bounds.extend(shapes.iter().map(length));
        self
    }

    /// Says how a text is written in each of `shapes`.
    pub(crate) fn pattern(
        mut self,
        shapes: &[&'static str],
        field: &'static str,
        pattern: &'static str,
    ) -> Self {
        let pattern = |shape: &&'static str| Bound::Pattern { shape, field, pattern };
        self.bounds.extend(shapes.iter().map(pattern));
        self
    }

    /// Says something else about a shape.
    pub(crate) fn bound(mut self, bound: Bound) -> Self {
        self.bounds.push(bound);
        self
    }

    /// Adds something for people to look at, which is no part of the API.
    pub(crate) fn page(mut self, path: &'static str, handler: MethodRouter<Gateway>) -> Self {
        self.pages.push((path, handler));
        self
    }
}

impl Operation {
    /// Whether it may be sent under an `Idempotency-Key`.
    pub(crate) fn is_keyed(&self) -> bool {
        self.traits.keyed || self.writes() && !self.traits.access.is_open()
    }

    /// Whether it changes something.
    pub(crate) fn writes(&self) -> bool {
        self.method != HttpMethod::Get
    }
}
