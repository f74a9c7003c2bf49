//! A second reader and writer of revocation documents, written from sections 7 and 13 of
//! `docs/SPEC.md` alone.

use chacha20poly1305::XChaCha20Poly1305;
use chacha20poly1305::aead::{AeadInOut, KeyInit};

use crate::oracle::{VERSION, expand, hmac};

const DOCUMENT: u8 = 3;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OracleState {
    pub(crate) clock: u64,
    pub(crate) floor: u64,
    pub(crate) entries: Vec<([u8; 12], u64)>,
}

impl OracleState {
    /// In the order given, whether it is right or not.
    pub(crate) fn body(&self) -> Vec<u8> {
        let mut body = vec![1];
        body.extend(self.clock.to_be_bytes());
        body.extend(self.floor.to_be_bytes());
        for (scope, epoch) in &self.entries {
            body.extend(scope);
            body.extend(epoch.to_be_bytes());
        }
        body
    }

    /// None for every body but the one of a state.
    pub(crate) fn of_body(body: &[u8]) -> Option<Self> {
        let number = |at: usize| Some(u64::from_be_bytes(body.get(at..at + 8)?.try_into().ok()?));
        let mut state = Self {
            clock: number(1)?,
            floor: number(9)?,
            entries: Vec::new(),
        };
        for at in (17..body.len()).step_by(20) {
            let scope = body.get(at..at + 12)?.try_into().ok()?;
            state.entries.push((scope, number(at + 12)?));
        }
        let ascends = state.entries.windows(2).all(|pair| pair[0].0 < pair[1].0);
        let in_range = |&(_, epoch): &([u8; 12], u64)| state.floor < epoch && epoch <= state.clock;
        let is_one = body[0] == 1
            && ascends
            && state.floor <= state.clock
            && state.entries.iter().all(in_range);
        is_one.then_some(state)
    }
}

/// A document around any body at all.
pub(crate) fn seal(secret: &[u8; 32], audience: &str, random: &[u8], body: &[u8]) -> Vec<u8> {
    let aud = expand(secret, &[VERSION, b"audience", audience.as_bytes()], 32);
    let id = expand(&aud, &[VERSION, b"key id"], 4);
    let key = expand(&aud, &[VERSION, b"revocations"], 32);
    let nonce_key = expand(&aud, &[VERSION, b"revocations nonce"], 32);
    let header = [&[DOCUMENT][..], &id].concat();
    let nonce: [u8; 24] = hmac(&nonce_key, &[random, body])[..24].try_into().unwrap();
    let mut text = body.to_vec();
    let tag = XChaCha20Poly1305::new_from_slice(&key)
        .unwrap()
        .encrypt_inout_detached((&nonce).into(), &header, text.as_mut_slice().into())
        .unwrap();
    [&header, &nonce[..], &text, &tag].concat()
}
