//! What is served, where, and within which limits.

use std::net::SocketAddr;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::thread;
use std::time::Duration;

use backburn::{Device, Error};

use crate::token::Token;

/// What is served, where, and within which limits.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// The models, at least one.
    pub models: Vec<ModelSource>,
    /// The device of the networks.
    pub device: Device,
    /// The address to listen on. Port 0 is any free port.
    pub listen: SocketAddr,
    /// The token that requests must have. Without one, anyone who can connect can use the models.
    pub token: Option<Token>,
    /// Whether to listen beyond this machine without a token.
    pub allow_anonymous: bool,
    /// The certificate and the key, for HTTPS.
    #[cfg(feature = "tls")]
    pub tls: Option<crate::tls::TlsFiles>,
    /// The limits of requests.
    pub limits: Limits,
    /// The number of threads that predict, for each model. As many again work on large requests and on
    /// explanations, for all models together.
    pub threads: usize,
    /// How long a small request waits for others, to be predicted together. With 0, requests are predicted
    /// together only if they came while the threads were busy.
    pub batch_wait: Duration,
    /// The time between two looks at the model files. A file that has changed is taken over.
    pub reload_interval: Duration,
}

/// The limits of requests. What is beyond them is refused, so that memory and time are bounded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The bytes of a body.
    pub body: usize,
    /// The bytes of the bodies of all requests in progress, without the first 64 KiB of each.
    pub pending: usize,
    /// The rows of a request.
    pub rows: usize,
    /// The rows of a request for explanations.
    pub explained_rows: usize,
    /// The time from the header of a request to its answer, and the longest pause while an answer is sent.
    pub time: Duration,
    /// How long a connection may be without a complete header of a request.
    pub idle: Duration,
    /// The requests in progress.
    pub requests: usize,
    /// The open connections. Further ones wait to be accepted.
    pub connections: usize,
    /// How long accepted requests are waited for when the server stops.
    pub shutdown: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 16_000_000,
            pending: 256_000_000,
            rows: 100_000,
            explained_rows: 100,
            time: Duration::from_secs(30),
            idle: Duration::from_secs(60),
            requests: 1024,
            connections: 10_000,
            shutdown: Duration::from_secs(30),
        }
    }
}

impl ServerConfig {
    /// Serves these models on port 8080 of this machine alone, without a token.
    pub fn new(models: Vec<ModelSource>, device: Device) -> Self {
        Self {
            models,
            device,
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            token: None,
            allow_anonymous: false,
            #[cfg(feature = "tls")]
            tls: None,
            limits: Limits::default(),
            threads: thread::available_parallelism().map_or(1, NonZero::get),
            batch_wait: Duration::ZERO,
            reload_interval: Duration::from_secs(2),
        }
    }

    /// Checks what can be checked before the models are loaded.
    ///
    /// # Errors
    ///
    /// There is no model, two models have the same name, or the address is beyond this machine and there is
    /// neither a token nor [`allow_anonymous`](Self::allow_anonymous).
    pub fn check(&self) -> Result<(), Error> {
        if self.models.is_empty() {
            return Err(Error::Config("there is no model to serve".to_string()));
        }
        for (index, model) in self.models.iter().enumerate() {
            if self.models[..index]
                .iter()
                .any(|other| other.name == model.name)
            {
                return Err(Error::Config(format!(
                    "two models have the name {:?}: give them names, as in a={}",
                    model.name,
                    model.path.display()
                )));
            }
        }
        let is_open = self.token.is_none() && !self.allow_anonymous;
        match is_open && !self.listen.ip().is_loopback() {
            true => Err(Error::Config(format!(
                "{} can be reached from other machines, and there is no token: give one (--token-file or \
                 BACKBURN_TOKEN), or allow everyone (--allow-anonymous)",
                self.listen
            ))),
            false => Ok(()),
        }
    }
}

/// A model file and the name that it is served by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelSource {
    /// The name: letters, digits, dots, dashes and underscores.
    pub name: String,
    /// The file.
    pub path: PathBuf,
}

impl ModelSource {
    /// A model with a name.
    ///
    /// # Errors
    ///
    /// The name has other characters than those that need no escape in a URL, or has none.
    pub fn named(name: &str, path: impl Into<PathBuf>) -> Result<Self, String> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let path = path.into();
        match !name.is_empty() && name.chars().all(plain) && !name.trim_matches('.').is_empty() {
            true => Ok(Self {
                name: name.to_string(),
                path,
            }),
            false => Err(format!(
                "{name:?} cannot be a part of a URL: give another name, as in houses={}",
                path.display()
            )),
        }
    }
}

/// `NAME=FILE`, or a file alone, whose name without its suffix is then the model's.
impl FromStr for ModelSource {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some((name, path)) = text.split_once('=')
            && !Path::new(text).exists()
        {
            return Self::named(name, path);
        }
        let stem = Path::new(text).file_stem().unwrap_or_default();
        Self::named(&stem.to_string_lossy(), text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Result<ModelSource, String> {
        text.parse()
    }

    #[test]
    fn a_model_has_the_name_of_its_file_or_one_of_its_own() {
        for (text, name, path) in [
            ("houses.safetensors", "houses", "houses.safetensors"),
            ("models/a.b.safetensors", "a.b", "models/a.b.safetensors"),
            ("h=models/x y.safetensors", "h", "models/x y.safetensors"),
        ] {
            let source = source(text).unwrap();
            assert_eq!(
                (source.name.as_str(), source.path.as_path()),
                (name, Path::new(path))
            );
        }
        for wrong in [
            "x y.safetensors",
            "a/b=c.safetensors",
            "=c.safetensors",
            "..=c",
            "",
        ] {
            let error = source(wrong).unwrap_err();
            assert!(error.contains("as in houses="), "{wrong}: {error}");
        }
    }

    #[test]
    fn beyond_this_machine_a_token_or_consent_is_needed() {
        let models = vec![source("a.safetensors").unwrap()];
        let mut config = ServerConfig::new(models, Device::flex());
        config.check().unwrap();
        config.listen = "[::1]:80".parse().unwrap();
        config.check().unwrap();
        config.listen = "0.0.0.0:80".parse().unwrap();
        let error = config.check().unwrap_err().to_string();
        assert!(
            error.contains("--token-file") && error.contains("--allow-anonymous"),
            "{error}"
        );
        config.allow_anonymous = true;
        config.check().unwrap();
        config.allow_anonymous = false;
        config.token = Some(Token::new("secret").unwrap());
        config.check().unwrap();
    }

    #[test]
    fn models_need_different_names() {
        let models = vec![
            source("a.safetensors").unwrap(),
            source("b/a.safetensors").unwrap(),
        ];
        let mut config = ServerConfig::new(models, Device::flex());
        assert!(
            config
                .check()
                .unwrap_err()
                .to_string()
                .contains("two models")
        );
        config.models.clear();
        assert!(config.check().is_err());
    }
}
