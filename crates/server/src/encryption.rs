//! Whether connections are encrypted.

use backburn::Error;

use crate::config::ServerConfig;

/// Whether connections are encrypted.
#[derive(Clone)]
pub(crate) enum Encryption {
    None,
    #[cfg(feature = "tls")]
    Tls(tokio_rustls::TlsAcceptor),
}

impl Encryption {
    /// What the config asks for.
    ///
    /// # Errors
    ///
    /// The certificate or the key cannot be used.
    #[cfg_attr(not(feature = "tls"), expect(unused_variables))]
    pub fn of(config: &ServerConfig) -> Result<Self, Error> {
        #[cfg(feature = "tls")]
        if let Some(files) = &config.tls {
            return files.acceptor().map(Self::Tls);
        }
        Ok(Self::None)
    }

    /// Whether there is encryption.
    pub fn is_on(&self) -> bool {
        !matches!(self, Self::None)
    }
}
