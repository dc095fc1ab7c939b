/// What a process serves, and on which port when its settings do not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Port {
    number: u16,
    grpc: bool,
}

impl Port {
    /// Calls of other services: it can be guarded by `TLS_DIR` and `TLS_CLIENTS`.
    pub fn grpc(number: u16) -> Self {
        Self { number, grpc: true }
    }

    pub(super) fn number(self) -> u16 {
        self.number
    }

    pub(super) fn is_grpc(self) -> bool {
        self.grpc
    }
}

impl From<u16> for Port {
    /// The edge, which leaves TLS to what stands in front of it.
    fn from(number: u16) -> Self {
        Self { number, grpc: false }
    }
}
