//! A vector: what it says, and whether crate and oracle do so. `tests/vectors/VECTORS.md` describes the
//! fields. `tests/vectors.rs` runs them here, and `tests/wasm` in wasm under Node.

use std::time::Duration;

use sealed_session::{
    Codec, Context, Epoch, Key, KeyRing, Protection, Randomness, RevocationState, RevocationView,
    RingKey, Scope, Sealed, SessionId, UnixTime,
};
use serde::Deserialize;

use crate::account::Account;
use crate::oracle::{self, OracleClaims};

#[derive(Deserialize)]
pub(crate) struct VectorFile {
    format: String,
    pub(crate) vectors: Vec<Vector>,
}

impl VectorFile {
    /// Reads a file of vectors of version 1, one at the least.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let file: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if file.format != "sealed-session/v1" || file.vectors.is_empty() {
            return Err("no vectors of version 1".into());
        }
        Ok(file)
    }
}

/// A number that can exceed 2^53, and so is a decimal string.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
struct Number(u64);

impl TryFrom<String> for Number {
    type Error = std::num::ParseIntError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self)
    }
}

#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
struct Hex(Vec<u8>);

impl TryFrom<String> for Hex {
    type Error = hex::FromHexError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        hex::decode(text).map(Self)
    }
}

impl Hex {
    fn array<const N: usize>(&self) -> [u8; N] {
        self.0.as_slice().try_into().unwrap()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Vector {
    pub(crate) name: String,
    #[expect(dead_code, reason = "for the reader of the file")]
    comment: String,
    keys: Vec<VectorKey>,
    cookie_name: String,
    audience: String,
    protection: String,
    accept: Vec<String>,
    binding: Hex,
    now: Number,
    idle_timeout: Number,
    absolute_timeout: Number,
    skew: Number,
    clock: Number,
    floor: Number,
    stale: bool,
    revoked: Vec<Revoked>,
    schema: u32,
    token: String,
    expect: String,
    claims: Option<VectorClaims>,
    session: Option<VectorSession>,
    seal: Option<Seal>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VectorKey {
    secret: Hex,
    seal_from: Option<Number>,
    open_until: Option<Number>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Revoked {
    kind: String,
    id: Hex,
    epoch: Number,
    scope: Hex,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VectorClaims {
    schema: u32,
    epoch: Number,
    session_id: Hex,
    started_at: Number,
    issued_at: Number,
    expires_at: Number,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VectorSession {
    user: Number,
    name: String,
    roles: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Seal {
    key: usize,
    renewal: bool,
    random: Hex,
    audience_key: Hex,
    key_id: Hex,
    body: Hex,
    payload: Hex,
    k_sid: Option<Hex>,
    k_enc: Option<Hex>,
    k_sig: Option<Hex>,
    k_nonce: Option<Hex>,
    nonce: Option<Hex>,
    tag: Option<Hex>,
}

impl Vector {
    /// Opens and seals as the vector says; panics where something is not so.
    pub(crate) fn run(&self) {
        assert_eq!(self.schema, 1, "the session type of the vectors");
        let codec = self.codec();
        let state = self.state();
        let context = self.context(&state);

        let opened = codec.open(&self.token, &context);
        let kind = opened
            .as_ref()
            .err()
            .map(|error| format!("{:?}", error.kind()));
        assert_eq!(kind.as_deref().unwrap_or("ok"), self.expect);
        let by_oracle = self.reader().open(self.token.as_bytes());
        assert_eq!(
            by_oracle.as_ref().err().unwrap_or(&"ok"),
            &self.expect,
            "the oracle"
        );

        let Ok(session) = opened else {
            assert!(self.claims.is_none() && self.session.is_none() && self.seal.is_none());
            return;
        };
        let claims = self.claims();
        assert_eq!(OracleClaims::of(session.claims()), claims);
        assert_eq!(session.value(), &self.session());
        assert_eq!(by_oracle, Ok((claims, self.session())), "the oracle");
        if let Some(seal) = &self.seal {
            self.check_parts(seal);
            assert_eq!(self.sealed(seal, &codec, &state).value(), self.token);
        }
    }

    fn codec(&self) -> Codec<Account> {
        let time = |number: Option<Number>| number.map(|Number(secs)| UnixTime::from_secs(secs));
        let ring = KeyRing::new(self.keys.iter().map(|key| {
            let mut entry = RingKey::new(Key::from_bytes(&key.secret.array()).unwrap());
            if let Some(from) = time(key.seal_from) {
                entry = entry.with_seal_from(from);
            }
            if let Some(until) = time(key.open_until) {
                entry = entry.with_open_until(until);
            }
            entry
        }))
        .unwrap();
        let secs = |number: Number| Duration::from_secs(number.0);
        let mut builder = Codec::builder(&self.audience, &ring)
            .cookie_name(&self.cookie_name)
            .protection(match self.protection.as_str() {
                "encrypted" => Protection::Encrypted,
                "signed" => Protection::Signed,
                other => panic!("protection {other}"),
            })
            .idle_timeout(secs(self.idle_timeout))
            .absolute_timeout(secs(self.absolute_timeout))
            .skew(secs(self.skew))
            .dangerous_any_times();
        if self.accept.len() == 2 {
            builder = builder.accept_both_protections();
        } else {
            assert_eq!(self.accept, [self.protection.as_str()]);
        }
        builder.build().unwrap()
    }

    fn state(&self) -> RevocationState {
        let revoked = self.revoked.iter().map(|entry| {
            let scope = match <[u8; 8]>::try_from(entry.id.0.as_slice()) {
                Ok(id) if entry.kind == "session" => Scope::session(SessionId::from_bytes(id)),
                // Eight bytes name a session; what has another length is nobody's scope.
                _ if entry.kind == "session" => Scope::from_bytes(entry.scope.array()),
                _ => Scope::named(&entry.kind, &entry.id.0).unwrap(),
            };
            assert_eq!(
                scope.to_bytes(),
                entry.scope.array(),
                "derivation of the scope"
            );
            assert_eq!(oracle::scope(&entry.kind, &entry.id.0), entry.scope.array());
            (scope, Epoch::from_millis(entry.epoch.0))
        });
        let (clock, floor) = (self.clock.0, self.floor.0);
        RevocationState::from_parts(
            Epoch::from_millis(clock),
            Epoch::from_millis(floor),
            revoked,
        )
        .unwrap()
    }

    fn context<'a>(&'a self, state: &'a RevocationState) -> Context<'a> {
        let view = if self.stale {
            RevocationView::stale(state)
        } else {
            RevocationView::current(state)
        };
        Context::new(UnixTime::from_secs(self.now.0), view).with_binding(&self.binding.0)
    }

    fn reader(&self) -> oracle::Reader {
        let number = |number: Option<Number>| number.map(|Number(number)| number);
        oracle::Reader {
            keys: self
                .keys
                .iter()
                .map(|key| oracle::RootKey {
                    secret: key.secret.array(),
                    seal_from: number(key.seal_from),
                    open_until: number(key.open_until),
                })
                .collect(),
            audience: self.audience.clone(),
            cookie_name: self.cookie_name.clone(),
            accept: self.accept.iter().map(|name| first_byte(name)).collect(),
            binding: self.binding.0.clone(),
            now: self.now.0,
            idle_timeout: self.idle_timeout.0,
            absolute_timeout: self.absolute_timeout.0,
            skew: self.skew.0,
            clock: self.clock.0,
            floor: self.floor.0,
            stale: self.stale,
            revoked: self
                .revoked
                .iter()
                .map(|entry| (entry.scope.array(), entry.epoch.0))
                .collect(),
            schema: self.schema,
        }
    }

    fn claims(&self) -> OracleClaims {
        let claims = self.claims.as_ref().unwrap();
        OracleClaims {
            schema: claims.schema,
            epoch: claims.epoch.0,
            session_id: claims.session_id.array(),
            started_at: claims.started_at.0,
            issued_at: claims.issued_at.0,
            expires_at: claims.expires_at.0,
        }
    }

    fn session(&self) -> Account {
        let session = self.session.as_ref().unwrap();
        Account {
            user: session.user.0,
            name: session.name.clone(),
            roles: session.roles.clone(),
        }
    }

    /// The intermediate values, so that a failure to seal shows its step.
    fn check_parts(&self, seal: &Seal) {
        let secret = self.keys[seal.key].secret.array();
        let keys = oracle::derive(&secret, &self.audience, &self.cookie_name);
        let same = |hex: &Option<Hex>, key: &[u8]| hex.as_ref().is_none_or(|hex| hex.0 == key);
        assert_eq!(keys.aud, seal.audience_key.0);
        assert_eq!(keys.id, seal.key_id.0);
        let key = Key::from_bytes(&secret).unwrap();
        assert_eq!(key.id(&self.audience).to_bytes(), seal.key_id.array());
        assert!(same(&seal.k_enc, &keys.enc) && same(&seal.k_sig, &keys.sig));
        assert!(same(&seal.k_nonce, &keys.nonce) && same(&seal.k_sid, &keys.sid));
        assert_eq!(
            [self.claims().encode(), seal.payload.0.clone()].concat(),
            seal.body.0
        );
        let token = oracle::from_base64url(self.token.as_bytes()).unwrap();
        assert!(same(&seal.nonce, token.get(5..29).unwrap_or_default()));
        assert!(same(&seal.tag, &token[token.len() - 16..]));
    }

    /// What the crate seals from the vector's session, clock and random bytes.
    fn sealed(&self, seal: &Seal, codec: &Codec<Account>, state: &RevocationState) -> Sealed {
        let claims = self.claims();
        let random = || Randomness::dangerous_from_bytes(seal.random.array());
        let context = Context::new(
            UnixTime::from_secs(claims.issued_at),
            RevocationView::current(state),
        )
        .with_binding(&self.binding.0);
        if !seal.renewal {
            return codec.start(&self.session(), &context, random()).unwrap();
        }
        // A former token of the same session, as of the moment before, made by the oracle.
        let former = OracleClaims {
            epoch: self.floor.0,
            issued_at: claims.issued_at - 1,
            expires_at: claims.issued_at + 1,
            ..claims
        };
        let body = [former.encode(), seal.payload.0.clone()].concat();
        let keys = oracle::derive(
            &self.keys[seal.key].secret.array(),
            &self.audience,
            &self.cookie_name,
        );
        let byte = first_byte(&self.protection);
        let token = oracle::seal(&keys, byte, &self.binding.0, &[0; 32], &body);
        let session = codec.open(oracle::base64url(&token), &context).unwrap();
        codec
            .renew(&session, &self.session(), &context, random())
            .unwrap()
    }
}

fn first_byte(protection: &str) -> u8 {
    match protection {
        "encrypted" => oracle::ENCRYPTED,
        "signed" => oracle::SIGNED,
        other => panic!("protection {other}"),
    }
}
