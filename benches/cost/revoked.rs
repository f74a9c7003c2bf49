//! Opening under tables of revoked scopes: the cost is the same for every size.
//!
//! The tokens are of a thousand users, so that a look-up reads another place of the table each time,
//! and they are older than the newest entry, so that there is a look-up at all: of the session's own
//! scope and of the user's.

use std::hint::black_box;

use sealed_session::{
    Codec, Epoch, KeyRing, Protection, Randomness, RevocationState, Scope, ScopeKind, Scopes,
    SessionData,
};

use crate::pair::compare;
use crate::{Bounds, NOW, context, key, secret};

const USER: ScopeKind<u64> = ScopeKind::new("user");

#[derive(serde::Serialize, serde::Deserialize)]
struct User {
    user: u64,
    name: String,
}

impl SessionData for User {
    const NAME: &'static str = "user";
    const SCHEMA: u32 = 1;
    fn scopes(&self, scopes: &mut Scopes<'_>) {
        scopes.add(USER, self.user);
    }
}

const TOKENS: u64 = 1000;

/// So many revoked users, none of whom has a token here.
fn table(entries: u64) -> RevocationState {
    let clock = NOW * 1000 + 1_000_000;
    let entry = |number: u64| {
        let scope = Scope::new(USER, 1_000_000 + number);
        (scope, Epoch::from_millis(clock - number % 1000))
    };
    let [clock, floor] = [clock, 0].map(Epoch::from_millis);
    RevocationState::from_parts(clock, floor, (0..entries).map(entry)).unwrap()
}

pub(crate) fn all(bounds: &mut Bounds) {
    println!("\nopening, by revoked scopes   ns with the first   ns with the second   ratio");
    for protection in [Protection::Encrypted, Protection::Signed] {
        let codec = Codec::<User>::builder("shop.example", &KeyRing::from_key(key(1)))
            .protection(protection)
            .build()
            .unwrap();
        let empty = RevocationState::fixed(Epoch::ZERO);
        let tokens: Vec<String> = (0..TOKENS)
            .map(|user| {
                let name = format!("user {user}");
                let user = User { user, name };
                let random = Randomness::dangerous_from_bytes(secret(9));
                let sealed = codec.start(&user, &context(&empty), random).unwrap();
                sealed.into_value()
            })
            .collect();
        let tables = [0, 1, 1000, 1_000_000].map(table);
        let [none, one, thousand, million] = &tables;
        for (what, first, second, bound) in [
            ("none, 1 million", none, million, 2.2),
            ("1, 1 million", one, million, 1.25),
            ("1,000, 1 million", thousand, million, 1.25),
        ] {
            let open = |state: &RevocationState, at: &mut usize| {
                *at = (*at + 1) % tokens.len();
                black_box(
                    codec
                        .open(black_box(&tokens[*at]), &context(state))
                        .unwrap(),
                );
            };
            let (mut i, mut j) = (0, 0);
            let compared = compare(&mut || open(second, &mut i), &mut || open(first, &mut j));
            println!(
                "{protection:?} {what:18} {:18} {:20} {:7.2}",
                compared.second, compared.first, compared.ratio
            );
            bounds.check(
                &format!("{protection:?}, {what} entries"),
                compared.ratio,
                bound,
            );
        }
    }
}
