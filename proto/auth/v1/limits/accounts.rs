/// The most bytes of an e-mail address (RFC 5321 with the erratum 1690).
pub const EMAIL: usize = 254;
/// The most characters of a user's name.
pub const NAME: usize = 100;
/// The most characters of a password.
pub const PASSWORD: usize = 256;
/// Idempotency keys of an account, its password and its sessions that are remembered.
pub const IDEMPOTENCY_KEYS: i64 = 1_000;
/// The fewest characters of a password where the operator asks for no other number.
pub const PASSWORD_LEAST: usize = 15;
