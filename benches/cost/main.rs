//! What opening, sealing and refusing cost: `cargo bench --bench cost`.
//!
//! Each row compares two things in one run, in turn, round by round, and prints the median of the
//! rounds' ratios: on a shared machine the times drift, and the ratio holds. Every value that
//! varies goes through `black_box`.
//!
//! It fails when a bound does not hold in the median of five processes: opening within 1.25 of its bare parts for a session of 48
//! bytes, within 1.1 for 1 KiB; a ring of 32 keys within 1.15 of a ring of one; 1 MiB of junk cheaper
//! to refuse than a cookie is to open.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "a benchmark fails by panicking"
)]

#[allow(dead_code, reason = "shared with the tests")]
#[path = "../../tests/support/account.rs"]
mod account;
mod bounds;
#[path = "../../tests/support/oracle.rs"]
#[allow(dead_code, reason = "shared with the tests")]
mod oracle;
mod pair;
mod parts;
mod rejects;
mod revoked;

use std::hint::black_box;

use account::{Account, of_len};
use bounds::Bounds;
use pair::compare;
use sealed_session::{
    Codec, Context, Epoch, Key, KeyRing, Protection, Randomness, RevocationState, RevocationView,
    RingKey, UnixTime,
};

const NOW: u64 = 1_795_348_800;
const BACKEND: &str = if cfg!(feature = "aws-lc-rs") {
    "aws-lc-rs"
} else if cfg!(feature = "ring") {
    "ring"
} else {
    "RustCrypto"
};

fn main() {
    // `cargo test --benches` only asks that it starts.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    bounds::in_five_processes(|bounds| {
        println!("XChaCha20-Poly1305 by {BACKEND}");
        #[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
        parts::against_the_default();
        by_payload(Protection::Encrypted, bounds);
        by_payload(Protection::Signed, bounds);
        by_ring(bounds);
        revoked::all(bounds);
        rejects::all(bounds);
    });
}

fn secret(seed: u8) -> [u8; 32] {
    std::array::from_fn(|i| (i as u8).wrapping_mul(7).wrapping_add(seed))
}

fn key(seed: u8) -> Key {
    Key::from_bytes(&secret(seed)).unwrap()
}

fn codec(ring: &KeyRing, protection: Protection) -> Codec<Account> {
    Codec::builder("shop.example", ring)
        .protection(protection)
        .build()
        .unwrap()
}

fn state() -> RevocationState {
    RevocationState::fixed(Epoch::from_millis(NOW * 1000))
}

fn context(state: &RevocationState) -> Context<'_> {
    Context::new(UnixTime::from_secs(NOW), RevocationView::current(state))
}

fn by_payload(protection: Protection, bounds: &mut Bounds) {
    println!("\n{protection:?}: by the bytes of the payload");
    println!("payload  cookie     open    parts  open/parts     seal  seal/open");
    let codec = codec(&KeyRing::from_key(key(1)), protection);
    let state = state();
    let context = context(&state);
    for len in [16, 48, 128, 256, 512, 1024, 2048, 2900] {
        let session = of_len(len);
        let seal = || {
            codec
                .start(
                    &session,
                    &context,
                    Randomness::dangerous_from_bytes(secret(9)),
                )
                .unwrap()
        };
        let token = seal().into_value();
        let mut bare = parts::Parts::of(&secret(1), protection, &token);
        let mut open = || {
            drop(black_box(
                codec.open(black_box(&token), black_box(&context)),
            ))
        };
        let opened = compare(&mut open, &mut || bare.open());
        let what = || format!("{protection:?}, opening {len} bytes against the parts");
        match len {
            48 => bounds.check(&what(), opened.ratio, 1.25),
            1024 => bounds.check(&what(), opened.ratio, 1.1),
            _ => {}
        }
        let sealed = compare(&mut || drop(black_box(seal())), &mut open);
        println!(
            "{len:>7} {:>7} {:>5} ns {:>5} ns {:>11.2} {:>5} ns {:>10.2}",
            token.len(),
            opened.first,
            opened.second,
            opened.ratio,
            sealed.first,
            sealed.ratio
        );
    }
}

fn by_ring(bounds: &mut Bounds) {
    println!("\nOpening by the number of keys, against a ring of one");
    println!("   keys     open  ratio encrypted  ratio signed");
    let state = state();
    let context = context(&state);
    for keys in [1u8, 2, 4, 8, 16, 32] {
        let ring = KeyRing::new((1..=keys).map(|seed| {
            let key = RingKey::new(key(seed));
            // The first is the oldest and still seals: the worst place to look for it.
            match seed {
                1 => key,
                _ => key.with_seal_from(UnixTime::from_secs(NOW + u64::from(seed))),
            }
        }))
        .unwrap();
        let row = [Protection::Encrypted, Protection::Signed].map(|protection| {
            let alone = codec(&KeyRing::from_key(key(1)), protection);
            let many = codec(&ring, protection);
            let random = Randomness::dangerous_from_bytes(secret(9));
            let token = alone.start(&of_len(48), &context, random).unwrap();
            let token = token.value();
            compare(
                &mut || drop(black_box(many.open(black_box(token), &context))),
                &mut || drop(black_box(alone.open(black_box(token), &context))),
            )
        });
        for (protection, compared) in ["Encrypted", "Signed"].iter().zip(&row) {
            let what = format!("{protection}, {keys} keys against one");
            bounds.check(&what, compared.ratio, 1.15);
        }
        println!(
            "{keys:>7} {:>5} ns {:>16.2} {:>13.2}",
            row[0].first, row[0].ratio, row[1].ratio
        );
    }
}
