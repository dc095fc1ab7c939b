//! How many files and sockets may be open: as many as whoever started the process allows it.
use rustix::{
    io,
    process::{Resource, Rlimit, getrlimit, setrlimit},
};

/// Takes what it may have: a shell and a service manager give a thousand, so that programs who know no better than `select` go on working.
pub(super) fn take_all() -> io::Result<()> {
    let Rlimit { current: _, maximum } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_files_may_be_open_as_the_system_allows() {
        let Rlimit { current: _, maximum } = getrlimit(Resource::Nofile);
        setrlimit(Resource::Nofile, Rlimit { current: Some(256), maximum }).unwrap();
        take_all().unwrap();
        assert_eq!(getrlimit(Resource::Nofile).current, maximum);
    }
}
