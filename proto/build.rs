//! Compiles the contracts without protoc; nothing generated is committed.
use std::{env, error::Error, fs, path::PathBuf};

use protox::prost::Message as _;

#[expect(
    clippy::disallowed_methods,
    reason = "cargo tells a build script where to write by its environment"
)]
fn main() -> Result<(), Box<dyn Error>> {
    let files = [
        "auth/v1/auth.proto",
        "tasks/v1/tasks.proto",
        "tasks/v1/projects.proto",
        "tasks/v1/trash.proto",
        "tasks/v1/changes.proto",
    ];
    for folder in ["auth", "tasks", "build.rs"] {
        println!("cargo::rerun-if-changed={folder}");
    }
    let descriptors = protox::compile(files, ["."])?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure()
        .emit_rerun_if_changed(false)
        .build_transport(false)
        .compile_fds(descriptors)?;
    Ok(())
}
