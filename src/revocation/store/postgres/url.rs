//! What a URL of PostgreSQL asks for, and what is added to it: TLS, and time for each address.

use alloc::format;
use alloc::string::{String, ToString as _};
use core::error::Error as _;
use core::net::IpAddr;
use core::time::Duration;

use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Config, Error};

use super::super::{StoreError, StoreErrorKind};

/// What each address of a name may take for a connection. The next one is tried then.
const ADDRESS: Duration = Duration::from_secs(2);

/// Settings of libpq that the client does not know (PostgreSQL's documentation, "Parameter Key Words").
const UNKNOWN: [&str; 20] = [
    "client_encoding",
    "fallback_application_name",
    "gssencmode",
    "krbsrvname",
    "max_protocol_version",
    "min_protocol_version",
    "passfile",
    "require_auth",
    "requirepeer",
    "service",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "sslcert",
    "sslcertmode",
    "sslcrl",
    "sslcrldir",
    "sslkey",
    "sslpassword",
    "sslrootcert",
    "sslsni",
];

pub(super) fn config_of(url: &str) -> Result<Config, StoreError> {
    // What is verified here in any case is not known to the client under these names.
    let url = url
        .replace("sslmode=verify-full", "sslmode=require")
        .replace("sslmode=verify-ca", "sslmode=require");
    let mut config: Config = url.parse().map_err(|error| {
        let cause = cause_of(&error);
        StoreError::new(
            StoreErrorKind::Refused,
            format!("not a URL of PostgreSQL, such as postgres://user@host/database{cause}"),
        )
    })?;
    // A client that only prefers TLS does without if somebody between the two says that there is none.
    if config.get_ssl_mode() == SslMode::Prefer && !is_local(&config) {
        config.ssl_mode(SslMode::Require);
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(ADDRESS);
    }
    if config.get_application_name().is_none() {
        config.application_name("sealed-session");
    }
    Ok(config)
}

/// What is wrong, where that quotes the name of a setting alone. Where a password is cut, a piece of it may be taken
/// for the name of another.
fn cause_of(error: &Error) -> String {
    let text = error
        .source()
        .map(|source| source.to_string())
        .unwrap_or_default();
    let name = text.split('`').nth(1).unwrap_or_default();
    if text.starts_with("invalid value for option") || UNKNOWN.contains(&name) {
        format!(": {text}")
    } else {
        String::new()
    }
}

/// Whether every host of a URL is this machine.
fn is_local(config: &Config) -> bool {
    let by_name = config.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    });
    let addresses = config.get_hostaddrs();
    // An address stands for its name.
    (by_name || !addresses.is_empty()) && addresses.iter().all(IpAddr::is_loopback)
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;

    use tokio_postgres::config::SslMode;

    use super::{ADDRESS, config_of};

    fn mode(url: &str) -> SslMode {
        config_of(url).unwrap().get_ssl_mode()
    }

    #[test]
    fn a_server_elsewhere_cannot_say_that_there_is_no_tls() {
        for url in [
            "postgres://u@db.internal/shop",
            "postgres://u@db.internal/shop?sslmode=prefer",
            "postgres://u@127.0.0.1,db.internal/shop",
            "postgres://u@10.0.0.1/shop",
            "host=localhost hostaddr=10.0.0.1 user=u",
            "host=db.internal user=u sslmode=verify-full",
        ] {
            assert_eq!(mode(url), SslMode::Require, "{url}");
        }
        for url in [
            "postgres://u@localhost/shop",
            "postgres://u@127.0.0.1/shop",
            "postgres://u@[::1]/shop",
            "host=/run/postgresql user=u",
            "host=db.internal hostaddr=127.0.0.1 user=u",
        ] {
            assert_eq!(mode(url), SslMode::Prefer, "{url}");
        }
        let url = "postgres://u@db.internal/shop?sslmode=disable";
        assert_eq!(mode(url), SslMode::Disable);
    }

    /// A password with a blank, without quotes, looks like another setting.
    #[test]
    fn an_error_names_no_piece_of_a_password() {
        for (url, says) in [
            ("host=h password=ab cd=ef", ""),
            ("postgres://u:ab@cd/ef?gh=ij@h/shop", ""),
            ("host=h password='ab' cd", ""),
            ("host=h port=ab", ": invalid value for option `port`"),
            (
                "host=h sslrootcert=ca.pem",
                ": unknown option `sslrootcert`",
            ),
        ] {
            let error = config_of(url).unwrap_err().to_string();
            let known = "not a URL of PostgreSQL, such as postgres://user@host/database";
            assert!(error.ends_with(&alloc::format!("{known}{says}")), "{error}");
        }
    }

    #[test]
    fn a_host_that_does_not_answer_leaves_time_for_the_next() {
        let several = "host=a,b user=u target_session_attrs=read-write";
        let config = config_of(several).unwrap();
        assert_eq!(config.get_connect_timeout(), Some(&ADDRESS));
        assert!(4 * ADDRESS < crate::revocation::store::remote::TIMEOUT);
    }
}
