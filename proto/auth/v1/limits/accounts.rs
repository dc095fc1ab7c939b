/// The most bytes of an e-mail address (RFC 5321 with the erratum 1690).
pub const EMAIL: usize = 254;
/// The most characters of a user's name.
pub const NAME: usize = 100;
/// The most characters of a password.
pub const PASSWORD: usize = 256;
/// The fewest characters of a password that an operator may ask for; where nothing is set there are more.
pub const PASSWORD_LEAST: usize = 8;
