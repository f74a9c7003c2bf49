//! TLS of the stores: rustls, which verifies the server by the system's certificates.

use rustls::crypto::{CryptoProvider, ring};

/// Gives the process a provider of cryptography for TLS, unless the application has installed one: the client of
/// Redis takes no other.
#[cfg(feature = "redis")]
pub(super) fn give_process_a_provider() {
    if CryptoProvider::get_default().is_none() {
        // Somebody else came first, which does as well.
        let _ = ring::default_provider().install_default();
    }
}

/// The settings of a client.
///
/// # Errors
///
/// That there is no certificate by which a server could be verified.
#[cfg(feature = "postgres")]
pub(super) fn client() -> Result<rustls::ClientConfig, &'static str> {
    let mut roots = rustls::RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        return Err("this machine has no certificates to verify a server by; \
                    SSL_CERT_FILE names a file of them");
    }
    let provider = CryptoProvider::get_default().cloned();
    let provider = provider.unwrap_or_else(|| alloc::sync::Arc::new(ring::default_provider()));
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| "the installed provider of cryptography has no version of TLS")?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}
