//! Authorities of the tests, the certificates that they issue, and the folders that hold them.
use std::{
    fs,
    os::unix::fs::symlink,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use kit_rpc::tls::Identity;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};

/// One that certificates are trusted by.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, in PEM.
#[derive(Clone)]
pub(crate) struct Certificate {
    pub(crate) chain: String,
    pub(crate) key: String,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// A certificate for one DNS name, from 2020 to 2100.
    pub(crate) fn issues(&self, name: &str) -> Certificate {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.not_before, params.not_after) =
            (date_time_ymd(2020, 1, 1), date_time_ymd(2100, 1, 1));
        let key = KeyPair::generate().unwrap();
        let chain = params.signed_by(&key, &self.0).unwrap().pem();
        Certificate { chain, key: key.serialize_pem() }
    }
}

/// A folder as Kubernetes mounts a Secret: the files change all at once.
pub(crate) struct Folder {
    path: PathBuf,
    version: AtomicU32,
}

impl Folder {
    pub(crate) fn holding(certificate: &Certificate, authorities: &[&Authority]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("tls-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        let folder = Self { path, version: AtomicU32::new(0) };
        folder.gets(certificate, authorities);
        for file in ["tls.crt", "tls.key", "ca.crt"] {
            symlink(format!("..data/{file}"), folder.path.join(file)).unwrap();
        }
        folder
    }

    /// Replaces what it holds.
    pub(crate) fn gets(&self, certificate: &Certificate, authorities: &[&Authority]) {
        let version = format!("..{}", self.version.fetch_add(1, Ordering::Relaxed));
        let files = self.path.join(&version);
        fs::create_dir(&files).unwrap();
        let authorities: String = authorities.iter().map(|authority| authority.0.pem()).collect();
        fs::write(files.join("tls.crt"), &certificate.chain).unwrap();
        fs::write(files.join("tls.key"), &certificate.key).unwrap();
        fs::write(files.join("ca.crt"), authorities).unwrap();
        symlink(version, self.path.join("..next")).unwrap();
        fs::rename(self.path.join("..next"), self.path.join("..data")).unwrap();
    }

    pub(crate) fn path(&self) -> &str {
        self.path.to_str().unwrap()
    }

    pub(crate) fn identity(&self) -> Option<Arc<Identity>> {
        Identity::in_folder(self.path()).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.path);
    }
}
