//! The arguments of a command that serves models.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use backburn::parse::{bytes, duration};
use backburn::{Device, Error};

use crate::config::{Limits, ModelSource, ServerConfig};
use crate::token::Token;

/// The arguments of a command that serves models.
#[derive(Debug, Clone, clap::Args)]
pub struct ServeArgs {
    /// Model files; the name of a file is the name of its model, unless NAME=FILE gives another
    #[arg(required = true, value_name = "MODEL")]
    pub models: Vec<ModelSource>,
    /// The address to listen on; port 0 is any free port
    #[arg(short, long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// A file with the token that requests must have, as `Authorization: Bearer TOKEN` [default: the variable
    /// BACKBURN_TOKEN, or none]
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Listen on an address that other machines can reach, even without a token
    #[arg(long)]
    pub allow_anonymous: bool,
    /// The certificate for HTTPS, a PEM file
    #[cfg(feature = "tls")]
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The key of the certificate, a PEM file
    #[cfg(feature = "tls")]
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// The number of threads that predict [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// How long a small request waits for others that are predicted in the same batch, such as 1ms
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "0s")]
    pub batch_wait: Duration,
    /// The time between two checks of the model files; a file that has changed is loaded again
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "2s")]
    pub reload_every: Duration,
    /// The limits of requests.
    #[command(flatten)]
    pub limits: LimitArgs,
}

/// The limits of requests.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Limits")]
pub struct LimitArgs {
    /// The largest size of the body of a request
    #[arg(long, value_name = "SIZE", value_parser = bytes, default_value = "16MB")]
    pub max_body: usize,
    /// The largest total size of the bodies of all requests in progress
    #[arg(long, value_name = "SIZE", value_parser = bytes, default_value = "256MB")]
    pub max_pending: usize,
    /// The largest number of rows of a request
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = count)]
    pub max_rows: usize,
    /// The largest number of rows of a request for explanations
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = count)]
    pub max_explained: usize,
    /// The largest number of requests in progress
    #[arg(long, value_name = "N", default_value_t = 1024, value_parser = count)]
    pub max_requests: usize,
    /// The largest number of open connections
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = count)]
    pub max_connections: usize,
    /// The longest time of a request
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "30s")]
    pub timeout: Duration,
    /// How long a connection may be idle
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "60s")]
    pub idle_timeout: Duration,
}

fn count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if count > 0 => Ok(count),
        _ => Err("a whole number above 0".to_string()),
    }
}

impl ServeArgs {
    /// What is served, where, and within which limits. `device` is the device of the networks.
    ///
    /// # Errors
    ///
    /// The token cannot be read.
    pub fn config(&self, device: Device) -> Result<ServerConfig, Error> {
        let limits = &self.limits;
        let mut config = ServerConfig::new(self.models.clone(), device);
        config.listen = self.listen;
        config.token = Token::from_file_or_variable(self.token_file.as_deref())?;
        config.allow_anonymous = self.allow_anonymous;
        #[cfg(feature = "tls")]
        if let (Some(certificate), Some(key)) = (self.tls_cert.clone(), self.tls_key.clone()) {
            config.tls = Some(crate::tls::TlsFiles { certificate, key });
        }
        config.limits = Limits {
            body: limits.max_body,
            pending: limits.max_pending,
            rows: limits.max_rows,
            explained_rows: limits.max_explained,
            time: limits.timeout,
            idle: limits.idle_timeout,
            requests: limits.max_requests,
            connections: limits.max_connections,
            shutdown: limits.timeout,
        };
        config.threads = self.threads.map_or(config.threads, usize::from);
        config.batch_wait = self.batch_wait;
        config.reload_interval = self.reload_every;
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        serve: ServeArgs,
    }

    #[test]
    fn arguments_become_a_config() {
        let parse = |words: &[&str]| Line::try_parse_from(["serve"].iter().chain(words));
        let config = |words: &[&str]| parse(words).unwrap().serve.config(Device::flex()).unwrap();
        let usual = config(&["a.safetensors"]);
        assert_eq!(usual.limits, Limits::default());
        assert_eq!(usual.listen, "127.0.0.1:8080".parse().unwrap());
        let words = [
            "--max-rows",
            "5",
            "--listen",
            "[::1]:0",
            "--timeout",
            "2s",
            "x=a",
            "b",
        ];
        let other = config(&words);
        assert_eq!(other.limits.rows, 5);
        assert_eq!(other.limits.time, Duration::from_secs(2));
        assert_eq!(other.models[0].name, "x");
        for wrong in [
            &["--listen", "8080", "a"][..],
            &["--max-rows", "0", "a"],
            &["a b"],
            &[],
        ] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
