//! A second, slow reader and writer of tokens, written from `docs/SPEC.md` alone, to compare the
//! crate with. It takes one byte at a time and shares nothing with the crate but the primitives.

use std::collections::BTreeMap;

use chacha20poly1305::XChaCha20Poly1305;
use chacha20poly1305::aead::{AeadInOut, KeyInit};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use crate::account::Account;

pub(crate) const ENCRYPTED: u8 = 1;
pub(crate) const SIGNED: u8 = 2;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// ---- Section 1: conventions

pub(crate) fn base64url(bytes: &[u8]) -> String {
    let bits: Vec<u8> = bytes
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1))
        .collect();
    bits.chunks(6)
        .map(|group| {
            let value = (0..6).fold(0, |value, bit| value << 1 | group.get(bit).unwrap_or(&0));
            char::from(ALPHABET[usize::from(value)])
        })
        .collect()
}

/// The bytes whose one encoding is `text`.
pub(crate) fn from_base64url(text: &[u8]) -> Option<Vec<u8>> {
    let mut bits = Vec::new();
    for character in text {
        let value = ALPHABET.iter().position(|known| known == character)?;
        bits.extend((0..6).rev().map(|bit| (value >> bit & 1) as u8));
    }
    let bytes: Vec<u8> = bits
        .chunks_exact(8)
        .map(|byte| byte.iter().fold(0, |value, bit| value << 1 | bit))
        .collect();
    // Canonical: what encodes to anything else is not taken.
    (base64url(&bytes).as_bytes() == text).then_some(bytes)
}

pub(crate) fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 128 {
        bytes.push((value % 128) as u8 + 128);
        value /= 128;
    }
    bytes.push(value as u8);
    bytes
}

/// A number in LEB128 from the front of `input`, and how many bytes it took.
fn any_varint(input: &mut &[u8]) -> Option<(u64, usize)> {
    let end = input.iter().position(|byte| *byte < 128)? + 1;
    let (number, rest) = input.split_at(end);
    *input = rest;
    if end > 10 {
        return None;
    }
    let value = number
        .iter()
        .rev()
        .fold(0u128, |value, byte| value << 7 | u128::from(byte & 127));
    Some((u64::try_from(value).ok()?, end))
}

fn shortest_varint(input: &mut &[u8]) -> Option<u64> {
    let (value, len) = any_varint(input)?;
    (varint(value).len() == len).then_some(value)
}

pub(crate) fn list(items: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for item in items {
        bytes.extend((item.len() as u32).to_be_bytes());
        bytes.extend_from_slice(item);
    }
    bytes
}

pub(crate) fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).unwrap();
    mac.update(&parts.concat());
    mac.finalize().into_bytes().into()
}

/// HKDF-Expand of at most one block: RFC 5869, section 2.3.
pub(crate) fn expand(key: &[u8], info: &[&[u8]], len: usize) -> Vec<u8> {
    hmac(key, &[&list(info), &[1]])[..len].to_vec()
}

// ---- Section 2: keys

pub(crate) const VERSION: &[u8] = b"sealed-session/v1";

#[derive(Clone, Debug)]
pub(crate) struct RootKey {
    pub(crate) secret: [u8; 32],
    pub(crate) seal_from: Option<u64>,
    pub(crate) open_until: Option<u64>,
}

/// What a root is for one audience and cookie name.
#[derive(Debug)]
pub(crate) struct Derived {
    pub(crate) aud: Vec<u8>,
    pub(crate) id: Vec<u8>,
    pub(crate) enc: Vec<u8>,
    pub(crate) nonce: Vec<u8>,
    pub(crate) sig: Vec<u8>,
    pub(crate) sid: Vec<u8>,
}

pub(crate) fn derive(secret: &[u8; 32], audience: &str, cookie_name: &str) -> Derived {
    let aud = expand(secret, &[VERSION, b"audience", audience.as_bytes()], 32);
    let named = |label: &[u8]| expand(&aud, &[VERSION, label, cookie_name.as_bytes()], 32);
    Derived {
        id: expand(&aud, &[VERSION, b"key id"], 4),
        enc: named(b"encrypt"),
        nonce: named(b"nonce"),
        sig: named(b"sign"),
        sid: named(b"session id"),
        aud,
    }
}

// ---- Sections 3 and 4: the envelope

/// A token around any body at all, well formed or not.
pub(crate) fn seal(
    keys: &Derived,
    first_byte: u8,
    binding: &[u8],
    random: &[u8],
    body: &[u8],
) -> Vec<u8> {
    let header = [&[first_byte][..], &keys.id].concat();
    let binding_len = (binding.len() as u32).to_be_bytes();
    if first_byte == SIGNED {
        let tag = hmac(&keys.sig, &[&header, &binding_len, binding, body]);
        return [&header, body, &tag[..16]].concat();
    }
    let nonce: [u8; 24] = hmac(&keys.nonce, &[random, &binding_len, binding, body])[..24]
        .try_into()
        .unwrap();
    let mut text = body.to_vec();
    let tag = XChaCha20Poly1305::new_from_slice(&keys.enc)
        .unwrap()
        .encrypt_inout_detached(
            (&nonce).into(),
            &[&header, binding].concat(),
            text.as_mut_slice().into(),
        )
        .unwrap();
    [&header, &nonce[..], &text, &tag].concat()
}

// ---- Section 5: the body

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OracleClaims {
    pub(crate) schema: u32,
    pub(crate) epoch: u64,
    pub(crate) session_id: [u8; 8],
    pub(crate) started_at: u64,
    pub(crate) issued_at: u64,
    pub(crate) expires_at: u64,
}

impl OracleClaims {
    /// The crate's claims, to compare with.
    pub(crate) fn of(claims: &sealed_session::Claims) -> Self {
        Self {
            schema: claims.schema(),
            epoch: claims.epoch().as_millis(),
            session_id: claims.session_id().to_bytes(),
            started_at: claims.started_at().as_secs(),
            issued_at: claims.issued_at().as_secs(),
            expires_at: claims.expires_at().as_secs(),
        }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        [
            varint(u64::from(self.schema)),
            varint(self.epoch),
            self.session_id.to_vec(),
            varint(self.started_at),
            varint(self.issued_at - self.started_at),
            varint(self.expires_at - self.issued_at),
        ]
        .concat()
    }

    pub(crate) fn parse(body: &mut &[u8]) -> Option<Self> {
        let schema = u32::try_from(shortest_varint(body)?).ok()?;
        let epoch = shortest_varint(body)?;
        if body.len() < 8 {
            return None;
        }
        let (session_id, rest) = body.split_at(8);
        *body = rest;
        let started_at = shortest_varint(body)?;
        let age = shortest_varint(body)?;
        let lifetime = shortest_varint(body)?;
        let issued_at = u128::from(started_at) + u128::from(age);
        let expires_at = issued_at + u128::from(lifetime);
        Some(Self {
            schema,
            epoch,
            session_id: session_id.try_into().unwrap(),
            started_at,
            issued_at: u64::try_from(issued_at).ok()?,
            expires_at: u64::try_from(expires_at).ok()?,
        })
    }
}

/// postcard's encoding of `Account`, and nothing else in `bytes`.
pub(crate) fn parse_account(mut bytes: &[u8]) -> Option<Account> {
    fn text(input: &mut &[u8]) -> Option<String> {
        let len = usize::try_from(any_varint(input)?.0).ok()?;
        if len > input.len() {
            return None;
        }
        let (text, rest) = input.split_at(len);
        *input = rest;
        String::from_utf8(text.to_vec()).ok()
    }
    let user = any_varint(&mut bytes)?.0;
    let name = text(&mut bytes)?;
    let count = any_varint(&mut bytes)?.0;
    let mut roles = Vec::new();
    for _ in 0..count {
        roles.push(text(&mut bytes)?);
    }
    bytes.is_empty().then_some(Account { user, name, roles })
}

// ---- Section 7: scopes

pub(crate) fn scope(kind: &str, id: &[u8]) -> [u8; 12] {
    let input = list(&[b"sealed-session scope", kind.as_bytes(), id]);
    Sha256::digest(input)[..12].try_into().unwrap()
}

// ---- Section 6: opening

#[derive(Clone, Debug)]
pub(crate) struct Reader {
    pub(crate) keys: Vec<RootKey>,
    pub(crate) audience: String,
    pub(crate) cookie_name: String,
    pub(crate) accept: Vec<u8>,
    pub(crate) binding: Vec<u8>,
    pub(crate) now: u64,
    pub(crate) idle_timeout: u64,
    pub(crate) absolute_timeout: u64,
    pub(crate) skew: u64,
    pub(crate) clock: u64,
    pub(crate) floor: u64,
    pub(crate) stale: bool,
    pub(crate) revoked: BTreeMap<[u8; 12], u64>,
    pub(crate) schema: u32,
}

impl Reader {
    /// The table, row by row; an error kind by its name in the spec.
    pub(crate) fn open(&self, value: &[u8]) -> Result<(OracleClaims, Account), &'static str> {
        // 1
        if self.cookie_name.len() + value.len() > 4096 {
            return Err("Malformed");
        }
        let token = from_base64url(value).ok_or("Malformed")?;
        // 2
        let first = *token.first().ok_or("Malformed")?;
        if !self.accept.contains(&first) {
            return Err("UnsupportedFormat");
        }
        // 3
        if token.len() < if first == ENCRYPTED { 45 } else { 21 } {
            return Err("Malformed");
        }
        // 4
        let (key, derived) = self
            .keys
            .iter()
            .map(|key| (key, derive(&key.secret, &self.audience, &self.cookie_name)))
            .find(|(_, derived)| derived.id == token[1..5])
            .ok_or("UnknownKey")?;
        // 5
        if key.open_until.is_some_and(|until| self.now >= until) {
            return Err("RetiredKey");
        }
        // 6
        let body = unseal(&derived, &token, &self.binding).ok_or("Unauthentic")?;
        // 7
        let mut body = body.as_slice();
        let claims = OracleClaims::parse(&mut body).ok_or("Malformed")?;
        let now_millis = u128::from(self.now) * 1000;
        let latest = now_millis.max(u128::from(self.clock)) + 86_400_000;
        if u128::from(claims.epoch) > latest {
            return Err("Malformed");
        }
        // 8
        let sum = |a: u64, b: u64| u128::from(a) + u128::from(b);
        if u128::from(claims.issued_at) > sum(self.now, self.skew) {
            return Err("NotYetValid");
        }
        // 9: the reader's own sums saturate
        let own_end = |a, b| sum(a, b).min(u128::from(u64::MAX));
        let now = u128::from(self.now);
        if self.now >= claims.expires_at
            || now >= own_end(claims.issued_at, self.idle_timeout)
            || now >= own_end(claims.started_at, self.absolute_timeout)
        {
            return Err("Expired");
        }
        // 10
        let revokes = |scope| {
            self.revoked
                .get(&scope)
                .is_some_and(|at| claims.epoch < *at)
        };
        if claims.epoch < self.floor || revokes(scope("session", &claims.session_id)) {
            return Err("Revoked");
        }
        // 11
        if self.stale {
            return Err("StaleState");
        }
        // 12
        if claims.schema != self.schema {
            return Err("UnsupportedSchema");
        }
        // 13
        let account = parse_account(body).ok_or("Payload")?;
        // 14
        if revokes(scope("user", account.user.to_string().as_bytes())) {
            return Err("Revoked");
        }
        Ok((claims, account))
    }
}

/// The body, when the tag is right.
fn unseal(keys: &Derived, token: &[u8], binding: &[u8]) -> Option<Vec<u8>> {
    let (header, rest) = token.split_at(5);
    let (rest, tag) = rest.split_at(rest.len() - 16);
    if header[0] == SIGNED {
        let binding_len = (binding.len() as u32).to_be_bytes();
        let whole = hmac(&keys.sig, &[header, &binding_len, binding, rest]);
        return (whole[..16] == *tag).then(|| rest.to_vec());
    }
    let (nonce, text) = rest.split_at(24);
    let mut text = text.to_vec();
    let nonce: [u8; 24] = nonce.try_into().unwrap();
    let tag: [u8; 16] = tag.try_into().unwrap();
    XChaCha20Poly1305::new_from_slice(&keys.enc)
        .unwrap()
        .decrypt_inout_detached(
            (&nonce).into(),
            &[header, binding].concat(),
            text.as_mut_slice().into(),
            (&tag).into(),
        )
        .ok()?;
    Some(text)
}
