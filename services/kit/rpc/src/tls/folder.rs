use std::path::Path;

use super::credentials::{Credentials, Files};

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
    }

    #[test]
    fn a_folder_without_files_is_a_fault() {
        let faults = faults("/nowhere", &[]);
        assert_eq!(named(&faults), ["TLS_DIR"]);
        assert!(faults[0].contains("tls.crt cannot be read"), "{faults:?}");
    }
}
