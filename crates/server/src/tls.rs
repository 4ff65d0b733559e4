//! The certificate and the key of a server.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use backburn::Error;
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// The files of a certificate and its key, both PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, followed by those that it is signed with.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

impl TlsFiles {
    /// What encrypts connections.
    ///
    /// # Errors
    ///
    /// A file cannot be read, or the key is not that of the certificate.
    pub(crate) fn acceptor(&self) -> Result<TlsAcceptor, Error> {
        let certificates = CertificateDer::pem_file_iter(&self.certificate);
        let certificates = certificates.and_then(|all| all.collect::<Result<Vec<_>, _>>());
        let certificates = certificates.map_err(|error| failed(&self.certificate, &error))?;
        if certificates.is_empty() {
            return Err(failed(
                &self.certificate,
                &"there is no certificate in PEM format",
            ));
        }
        let key = PrivateKeyDer::from_pem_file(&self.key);
        let key = key.map_err(|error| failed(&self.key, &error))?;
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| failed(&self.certificate, &error))?;
        let config = config
            .with_no_client_auth()
            .with_single_cert(certificates, key);
        let mut config = config.map_err(|error| failed(&self.certificate, &error))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

fn failed(path: &Path, error: &dyn Display) -> Error {
    Error::Config(format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_certificate_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let [certificate, key] = ["cert.pem", "key.pem"].map(|name| folder.path().join(name));
        let files = TlsFiles {
            certificate: certificate.clone(),
            key,
        };
        let message = || match files.acceptor() {
            Ok(_) => String::new(),
            Err(error) => error.to_string(),
        };
        assert!(message().contains("cert.pem"), "{}", message());
        std::fs::write(&certificate, "no certificate\n").unwrap();
        assert!(message().contains("cert.pem"), "{}", message());
    }
}
