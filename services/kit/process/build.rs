//! Notes which compiler builds, for `errand_build_info`.
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-env-changed=RUSTC");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let said = Command::new(rustc).arg("--version").output();
    let said =
        said.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    println!(
        "cargo::rustc-env=BUILT_BY_RUSTC={}",
        said.split(' ').nth(1).unwrap_or("unknown").trim()
    );
}
