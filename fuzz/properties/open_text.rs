//! Of any text, only what was sealed opens.

use super::world::{CODECS, TOKENS, context};

pub fn open_text(data: &[u8]) {
    for codec in CODECS.iter() {
        if codec.open(data, &context()).is_ok() {
            assert!(TOKENS.iter().any(|token| token.as_bytes() == data));
        }
    }
}
