//! Compiles the contracts without protoc; nothing generated is committed.
#[path = "build/peer.rs"]
mod peer;

use std::{env, error::Error, fs, io, path::PathBuf};

use prost_build::{Config, Service, ServiceGenerator};
use prost_types::{FileDescriptorSet, method_options::IdempotencyLevel};
use protox::prost::Message as _;

#[expect(
    clippy::disallowed_methods,
    reason = "cargo tells a build script where to write by its environment"
)]
fn main() -> Result<(), Box<dyn Error>> {
    for folder in ["auth", "tasks", "build", "build.rs"] {
        println!("cargo::rerun-if-changed={folder}");
    }
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut contracts = vec![];
    for package in ["auth", "tasks"] {
        contracts.extend(files(&format!("{package}/v1"), "proto")?);
        let limits = files(&format!("{package}/v1/limits"), "rs")?;
        let limits = limits.iter().map(fs::read_to_string).collect::<Result<String, _>>()?;
        fs::write(out.join(format!("{package}.v1.limits.rs")), limits)?;
    }
    let descriptors = protox::compile(contracts, ["."])?;
    fs::write(out.join("methods.rs"), methods(&descriptors))?;
    fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;
    let tonic = tonic_prost_build::configure().build_transport(false).service_generator();
    Config::new().service_generator(Box::new(WithPeers(tonic))).compile_fds(descriptors)?;
    Ok(())
}

/// What tonic makes of a service, and its peer.
struct WithPeers(Box<dyn ServiceGenerator>);

impl ServiceGenerator for WithPeers {
    fn generate(&mut self, service: Service, code: &mut String) {
        code.push_str(&peer::source(&service));
        self.0.generate(service, code);
    }

    fn finalize(&mut self, code: &mut String) {
        self.0.finalize(code);
    }

    fn finalize_package(&mut self, package: &str, code: &mut String) {
        self.0.finalize_package(package, code);
    }
}

/// The files of a folder with this extension, in their order.
fn files(folder: &str, extension: &str) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
    let mut files = entries.collect::<io::Result<Vec<_>>>()?;
    files.retain(|file| file.extension().is_some_and(|found| found == extension));
    files.sort();
    Ok(files)
}

/// What the contracts say of their methods, as two lists of paths.
fn methods(descriptors: &FileDescriptorSet) -> String {
    let (mut reads, mut streams) = (vec![], vec![]);
    for file in &descriptors.file {
        for service in &file.service {
            for method in &service.method {
                let path = format!("/{}.{}/{}", file.package(), service.name(), method.name());
                let level = method.options.clone().unwrap_or_default().idempotency_level();
                if level == IdempotencyLevel::NoSideEffects {
                    reads.push(path.clone());
                }
                if method.server_streaming() {
                    streams.push(path);
                }
            }
        }
    }
    format!(
        "/// The methods without side effects (`idempotency_level = NO_SIDE_EFFECTS`).\npub const READS: &[&str] = &{reads:?};\n\n\
         /// The methods that answer with a stream.\npub const STREAMS: &[&str] = &{streams:?};\n"
    )
}
