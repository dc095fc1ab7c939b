use std::borrow::Cow;

use kit_base::Violation;
use serde::Serialize;
use utoipa::ToSchema;

/// One part of a request that is not acceptable. It has exactly one of `pointer`, `parameter` and `header`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Fault {
    /// Where in the body it is, as a JSON pointer (RFC 6901); empty for the whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pointer: Option<String>,
    /// The query parameter that it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    parameter: Option<String>,
    /// The header that it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    header: Option<&'static str>,
    /// What is wrong, for a program.
    code: Cow<'static, str>,
    /// What would be right, for a person.
    message: Cow<'static, str>,
}

impl Fault {
    /// The part of the body at `pointer`; the whole where that is empty.
    pub(crate) fn body(
        pointer: String,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        let (code, message) = (code.into(), message.into());
        Self { pointer: Some(pointer), parameter: None, header: None, code, message }
    }

    /// The parameter called `name`.
    pub(crate) fn query(
        name: &str,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        let (parameter, code, message) = (Some(name.to_owned()), code.into(), message.into());
        Self { pointer: None, parameter, header: None, code, message }
    }

    /// The header called `name`.
    pub(crate) fn header(
        name: &'static str,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        let (code, message) = (code.into(), message.into());
        Self { pointer: None, parameter: None, header: Some(name), code, message }
    }

    /// Whether both are about the same part of the request.
    pub(super) fn is_at_place_of(&self, other: &Self) -> bool {
        let place = |fault: &Self| (fault.pointer.clone(), fault.parameter.clone(), fault.header);
        place(self) == place(other)
    }

    /// Whether `other` may be a conflict only because this is missing: what is not read is not there for the service, which then
    /// speaks of the whole that it belongs to, or of another list.
    pub(super) fn explains(&self, other: &Self) -> bool {
        let within = |one: &str, whole: &str| {
            one.strip_prefix(whole).is_some_and(|rest| rest.starts_with('/'))
        };
        if matches!(&*self.code, "UNKNOWN_FIELD" | "REPEATED_FIELD" | "UNKNOWN_PARAMETER") {
            return false;
        }
        match (self.pointer.as_deref().zip(other.pointer.as_deref()), &self.parameter, &*other.code)
        {
            (Some((one, whole)), _, "CONFLICT") => within(one, whole),
            // A conflict of parameters names the other one.
            (None, Some(name), "CONFLICT") => other.message.contains(&format!("`{name}`")),
            (None, Some(_), "CURSOR_MISMATCH") => true,
            _ => false,
        }
    }

    /// What a service found in a field is, in a request without a body, the parameter of that name.
    pub(super) fn blame_query(&mut self) {
        self.parameter =
            self.pointer.take().map(|pointer| pointer.trim_start_matches('/').to_owned());
    }
}

/// How much is not acceptable, in words.
pub(super) fn count(faults: &[Fault]) -> String {
    let all = |is: &dyn Fn(&Fault) -> bool| faults.iter().all(is);
    let again = |at: usize| faults[..at].iter().any(|fault| fault.is_at_place_of(&faults[at]));
    match (0..faults.len()).filter(|at| !again(*at)).count() {
        1 if all(&|one| one.pointer.is_some()) => "1 field is not acceptable".to_owned(),
        count if all(&|one| one.pointer.is_some()) => format!("{count} fields are not acceptable"),
        _ if all(&|one| one.parameter.is_some()) => "the query is not acceptable".to_owned(),
        count => format!("{count} parts of the request are not acceptable"),
    }
}

impl From<Violation> for Fault {
    fn from(Violation { field, reason, message }: Violation) -> Self {
        let pointer =
            if field.is_empty() { field } else { format!("/{}", field.replace('.', "/")) };
        Self::body(pointer, reason, message)
    }
}
