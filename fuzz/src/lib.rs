//! What the fuzz targets assert. `cargo test` at the top runs the same code on the corpus.

#[path = "../../tests/support/account.rs"]
#[allow(dead_code, reason = "shared with the tests")]
mod account;
#[path = "../../tests/support/background.rs"]
#[allow(dead_code, reason = "shared with the tests")]
mod background;
#[path = "../../tests/support/document_oracle.rs"]
#[allow(dead_code, reason = "shared with the tests")]
mod document_oracle;
#[path = "../../tests/support/oracle.rs"]
#[allow(dead_code, reason = "shared with the tests")]
mod oracle;
#[path = "../properties/mod.rs"]
pub mod properties;
#[path = "../../tests/support/test_store.rs"]
#[allow(dead_code, reason = "shared with the tests")]
mod test_store;
