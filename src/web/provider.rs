//! The provider of cryptography for TLS: ring, which needs no more than a C compiler to be built.

use std::sync::Once;

static INSTALLED: Once = Once::new();

/// Makes ring the provider of this process. Everybody who makes a TLS client calls it first; only
/// the first call does anything.
pub fn install_provider() {
    INSTALLED.call_once(|| {
        // Another one that is there already does as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}
