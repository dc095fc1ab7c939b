//! Whom a process lets in, as its settings say.
use kit_rpc::tls::{Guard, Identity, faults};
use serde::{Deserialize, Serialize};

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
        let identity = Identity::in_folder(&self.tls_dir)?;
        Ok(identity.map(|identity| Guard::new(identity, &self.tls_clients)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_files_and_a_guard_without_names_are_faults() {
        assert_eq!(Admission::default().faults(), Vec::<String>::new());
        let admission = Admission { tls_dir: "/nowhere".to_owned(), tls_clients: vec![] };
        let faults = admission.faults();
        let named: Vec<_> = faults.iter().map(|fault| fault.split(' ').next().unwrap()).collect();
        assert_eq!(named, ["TLS_DIR", "TLS_CLIENTS"]);
        assert!(faults[0].contains("tls.crt cannot be read"), "{faults:?}");
    }
}
