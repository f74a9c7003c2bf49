//! The bare parts of an opening, one after the other, without a single check: base64, AEAD or MAC,
//! postcard. Keys are ready and the buffer is there, so no real opening can be cheaper.

use std::hint::black_box;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sealed_session::Protection;
use sha2::Sha256;

use crate::account::Account;
use crate::oracle;

pub(crate) struct Parts {
    text: String,
    buffer: Vec<u8>,
    unseal: Unseal,
    claims_len: usize,
}

enum Unseal {
    Encrypted(Aead),
    Signed(Hmac<Sha256>),
}

impl Parts {
    pub(crate) fn of(secret: &[u8; 32], protection: Protection, text: &str) -> Self {
        let keys = oracle::derive(secret, "shop.example", "__Host-session");
        let (unseal, overhead) = match protection {
            Protection::Encrypted => {
                let key: [u8; 32] = keys.enc.try_into().unwrap();
                (Unseal::Encrypted(Aead::new(key)), 45)
            }
            Protection::Signed => {
                let mac = Hmac::new_from_slice(&keys.sig).unwrap();
                (Unseal::Signed(mac), 21)
            }
        };
        let token = oracle::from_base64url(text.as_bytes()).unwrap();
        let mut parts = Self {
            text: text.into(),
            buffer: vec![0; token.len().next_multiple_of(3)],
            unseal,
            claims_len: 23,
        };
        assert!(parts.account().name.len() + overhead + 23 < token.len());
        parts
    }

    pub(crate) fn open(&mut self) {
        drop(black_box(self.account()));
    }

    fn account(&mut self) -> Account {
        let text = black_box(&self.text);
        let len = URL_SAFE_NO_PAD
            .decode_slice(text, &mut self.buffer)
            .unwrap();
        let token = &mut self.buffer[..len];
        let body = match &self.unseal {
            Unseal::Encrypted(aead) => {
                let (header, rest) = token.split_at_mut(5);
                let (nonce, sealed) = rest.split_first_chunk_mut().unwrap();
                aead.open(nonce, header, sealed)
            }
            Unseal::Signed(mac) => {
                let (body, tag) = token.split_last_chunk::<16>().unwrap();
                let mut mac = mac.clone();
                mac.update(body);
                // Of another input than the token's, so it differs; that costs the same.
                let _ = black_box(mac.verify_truncated_left(tag));
                &body[5..]
            }
        };
        postcard::take_from_bytes(&body[self.claims_len..])
            .unwrap()
            .0
    }
}

/// The backend that the crate was built with.
#[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
type Aead = RustCrypto;
#[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
type Aead = Faster;

/// The bare default backend.
pub(crate) struct RustCrypto(chacha20poly1305::XChaCha20Poly1305);

impl RustCrypto {
    pub(crate) fn new(key: [u8; 32]) -> Self {
        Self(chacha20poly1305::XChaCha20Poly1305::new((&key).into()))
    }

    pub(crate) fn open<'a>(
        &self,
        nonce: &[u8; 24],
        header: &[u8],
        sealed: &'a mut [u8],
    ) -> &'a [u8] {
        use chacha20poly1305::aead::AeadInOut as _;
        let (text, tag) = sealed.split_last_chunk_mut::<16>().unwrap();
        let tag = (&*tag).into();
        self.0
            .decrypt_inout_detached(nonce.into(), header, (&mut *text).into(), tag)
            .unwrap();
        text
    }
}

/// The bare backend of the feature.
#[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
pub(crate) struct Faster([u8; 32]);

#[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
impl Faster {
    pub(crate) fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    pub(crate) fn open<'a>(
        &self,
        nonce: &[u8; 24],
        header: &[u8],
        sealed: &'a mut [u8],
    ) -> &'a [u8] {
        #[cfg(feature = "aws-lc-rs")]
        use aws_lc_rs as ring;
        use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};

        let (input, tail) = nonce.split_first_chunk::<16>().unwrap();
        let key = chacha20::hchacha::<chacha20::R20>((&self.0).into(), input.into());
        let mut short = [0; 12];
        short[4..].copy_from_slice(tail);
        let key = LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, &key).unwrap());
        let nonce = Nonce::assume_unique_for_key(short);
        key.open_in_place(nonce, Aad::from(header), sealed).unwrap()
    }
}

/// The bare backend of the feature against the default one, in the same run.
#[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
pub(crate) fn against_the_default() {
    println!("\nThe bare decryption by this backend, against RustCrypto's");
    println!("token    time  RustCrypto  ratio");
    for len in [109, 256, 1092] {
        let keys = oracle::derive(&[7; 32], "shop.example", "__Host-session");
        let sealed = oracle::seal(&keys, oracle::ENCRYPTED, b"", &[9; 32], &vec![1; len - 45]);
        let key: [u8; 32] = keys.enc.try_into().unwrap();
        let (faster, default) = (Faster::new(key), RustCrypto::new(key));
        let mut buffers = [sealed.clone(), sealed.clone()];
        let [a, b] = &mut buffers;
        let compared = crate::pair::compare(
            &mut || {
                a.copy_from_slice(&sealed);
                let (header, rest) = a.split_at_mut(5);
                let (nonce, sealed) = rest.split_first_chunk_mut().unwrap();
                black_box(faster.open(nonce, header, sealed));
            },
            &mut || {
                b.copy_from_slice(&sealed);
                let (header, rest) = b.split_at_mut(5);
                let (nonce, sealed) = rest.split_first_chunk_mut().unwrap();
                black_box(default.open(nonce, header, sealed));
            },
        );
        println!(
            "{len:>5} {:>4} ns {:>8} ns {:>6.2}",
            compared.first, compared.second, compared.ratio
        );
    }
}
