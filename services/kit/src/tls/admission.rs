use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{
    Guard, Identity,
    credentials::{Credentials, Files},
};
use crate::config::Settings;

/// Whom a gRPC server lets in.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Admission {
    /// `TLS_DIR`: the folder with `tls.crt`, `tls.key` and `ca.crt`. Plain HTTP/2 and everybody when it is empty.
    pub tls_dir: String,
    /// `TLS_CLIENTS`: the DNS names of the clients that are let in; one of them must be in the client's certificate.
    pub tls_clients: Vec<String>,
}

impl Settings for Admission {
    fn faults(&self) -> Vec<String> {
        let mut faults = faults(&self.tls_dir, &[]);
        let nobody = self.tls_clients.iter().all(|name| name.trim().is_empty());
        if !self.tls_dir.is_empty() && nobody {
            faults.push(
                "TLS_CLIENTS must name who is let in where TLS_DIR is set: DNS names of the clients' certificates, with commas between"
                    .to_owned(),
            );
        }
        faults
    }
}

impl Admission {
    /// The guard of the server's port; none when it is open to all. Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// When the files of `TLS_DIR` cannot be used.
    pub fn guard(&self) -> anyhow::Result<Option<Guard>> {
        let identity = Identity::of(&self.tls_dir)?;
        Ok(identity.map(|identity| Guard::new(identity, &self.tls_clients)))
    }
}

/// What is wrong with the folder of `TLS_DIR`, and with URLs of peers (each with the name of its variable) that need one.
pub fn faults(folder: &str, urls: &[(&str, &str)]) -> Vec<String> {
    if folder.is_empty() {
        let encrypted = urls.iter().filter(|(_, urls)| urls.contains("https://"));
        let fault = |(name, _): &(&str, &str)| {
            format!(
                "{name} is https://: TLS_DIR must name the folder with this process's tls.crt, tls.key and ca.crt"
            )
        };
        return encrypted.map(fault).collect();
    }
    let usable = Files::read(Path::new(folder)).and_then(|files| Credentials::new(&files));
    let fault = |error: anyhow::Error| {
        format!("TLS_DIR is {folder:?}, which must hold tls.crt, tls.key and ca.crt: {error:#}")
    };
    usable.err().map(fault).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(faults: &[String]) -> Vec<&str> {
        faults.iter().map(|fault| fault.split(' ').next().unwrap()).collect()
    }

    #[test]
    fn without_a_folder_only_plain_urls_will_do() {
        let urls = [("AUTH_URL", "https://auth:1"), ("PEER_URL", "http://peer:2")];
        assert_eq!(named(&faults("", &urls)), ["AUTH_URL"]);
        assert_eq!(Admission::default().faults(), Vec::<String>::new());
    }

    #[test]
    fn a_folder_without_files_and_a_guard_without_names_are_faults() {
        let admission = Admission { tls_dir: "/nowhere".to_owned(), tls_clients: vec![] };
        let faults = admission.faults();
        assert_eq!(named(&faults), ["TLS_DIR", "TLS_CLIENTS"]);
        assert!(faults[0].contains("tls.crt cannot be read"), "{faults:?}");
    }
}
