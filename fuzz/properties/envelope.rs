//! Any bytes as a token, and any envelope around a body: the crate and the oracle agree.

use arbitrary::{Arbitrary, Unstructured};

use super::world::{AUDIENCE, COOKIE_NAME, ReaderInput, compare, secret};
use crate::oracle::{self, base64url};

#[derive(Arbitrary, Debug)]
struct Input {
    reader: ReaderInput,
    envelope: Envelope,
}

#[derive(Arbitrary, Debug)]
enum Envelope {
    Text(Vec<u8>),
    Bytes(Vec<u8>),
    /// Sealed under a key, known or not, with any first byte.
    Sealed {
        key: u8,
        first_byte: u8,
        relabel: Option<u8>,
        body: Vec<u8>,
    },
}

pub fn envelope(data: &[u8]) {
    let Ok(input) = Input::arbitrary(&mut Unstructured::new(data)) else {
        return;
    };
    let value = match input.envelope {
        Envelope::Text(text) => text,
        Envelope::Bytes(bytes) => base64url(&bytes).into_bytes(),
        Envelope::Sealed {
            key,
            first_byte,
            relabel,
            body,
        } => {
            let keys = oracle::derive(&secret(1 + key % 3), AUDIENCE, COOKIE_NAME);
            let mut token = oracle::seal(&keys, 1 + first_byte % 2, b"", &[9; 32], &body);
            if let Some(label) = relabel {
                token[0] = label;
            }
            base64url(&token).into_bytes()
        }
    };
    compare(&input.reader, &value);
}
