//! Settings that are right, and settings that are wrong.
use super::output;

#[test]
fn a_process_that_cannot_be_configured_names_every_fault_and_exits_64() {
    let bad =
        [("TEST_SIZE", "big"), ("LISTEN", "here"), ("DRAIN_DELAY", "5"), ("LOG_FORMAT", "xml")];
    for mode in ["check", "serve"] {
        let (_, said) = output(&[&bad[..], &[("MODE", mode)]].concat());
        for name in [
            "5 faults",
            "TEST_KEY must",
            "TEST_SIZE is",
            "LISTEN is",
            "DRAIN_DELAY is",
            "LOG_FORMAT is",
            "exit code 64",
        ] {
            assert!(said.contains(name), "{name} is not in {said}");
        }
    }
}

#[test]
fn a_good_configuration_is_shown_without_its_secrets() {
    let good = [("KEY", "hunter2"), ("MODE", "print"), ("PORT", "3000")];
    let (shown, said) = output(&good);
    assert!(said.contains("exit code 0"), "{said}");
    for line in [
        "KEY=[redacted]",
        "TEST_SIZE=3",
        "PORT=3000",
        "ADMIN_LISTEN=0.0.0.0:9090",
        "DRAIN_DELAY=5s",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line} is not in {shown}");
    }
    assert!(!shown.contains("hunter2"));
}

#[test]
fn a_guard_without_files_or_names_is_a_fault() {
    let (_, said) = output(&[
        ("TEST_KEY", "x"),
        ("TLS_DIR", "/nowhere"),
        ("TLS_CLIENTS", ""),
        ("MODE", "check"),
    ]);
    for fault in
        ["TLS_DIR is \"/nowhere\"", "tls.crt cannot be read", "TLS_CLIENTS must", "code 64"]
    {
        assert!(said.contains(fault), "{fault} is not in {said}");
    }
}
