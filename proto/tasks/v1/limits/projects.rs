/// The most characters of a project's name.
pub const PROJECT_NAME: usize = 120;
