//! The servers: any number of them on every ring that may be in use, with every clock that the skew
//! allows, and every session that any of them may have made.
//!
//! Opening depends on the token, the ring and the reading of the clock alone, so each such case is
//! tried once, in the first second in which it can come about.

use std::collections::BTreeSet;
use std::sync::LazyLock;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sealed_session::{
    Codec, Context, Epoch, Randomness, RevocationState, RevocationView, SealError, Sealed,
    SessionData,
};
use serde::{Deserialize, Serialize};

use crate::sequence::{AUDIENCE, Deploy, Limits, START, Sequence, at, key_ring};

#[derive(Serialize, Deserialize)]
struct Visit;

impl SessionData for Visit {
    const NAME: &'static str = "session";
    const SCHEMA: u32 = 1;
}

static STATE: LazyLock<RevocationState> = LazyLock::new(|| RevocationState::fixed(Epoch::ZERO));

fn context(clock: u64) -> Context<'static> {
    Context::new(at(clock), RevocationView::current(&STATE))
}

fn random() -> Randomness {
    Randomness::dangerous_from_bytes([3; 32])
}

/// What came of a sequence.
#[derive(Debug, Default)]
pub(crate) struct Run {
    /// The first loss. Nothing was played after it.
    pub(crate) lost: Option<String>,
    /// Whether sessions under two keys were alive at once.
    pub(crate) two_keys: bool,
    pub(crate) opened: u64,
    pub(crate) renewed: u64,
}

/// Plays a sequence until all that the last ring but one had to do with has ended.
pub(crate) fn run(sequence: &Sequence) -> Run {
    let mut fleet = Fleet {
        skew: sequence.skew,
        servers: Vec::new(),
        tokens: Vec::new(),
        known: BTreeSet::new(),
        run: Run::default(),
    };
    fleet.run.lost = fleet.play(sequence).err();
    fleet.run
}

type KeyId = [u8; 4];

struct Fleet {
    skew: u64,
    servers: Vec<Server>,
    tokens: Vec<Token>,
    known: BTreeSet<(KeyId, u64, u64)>,
    run: Run,
}

/// All processes that use one ring.
struct Server {
    ring: usize,
    codec: Codec<Visit>,
    limits: Limits,
    since: u64,
    /// The last second in which there is one.
    until: u64,
    /// The keys that sealed, by each reading of the clock from `since` on.
    sealed_by: Vec<KeyId>,
}

struct Token {
    value: String,
    key: KeyId,
    started: u64,
    issued: u64,
    expires: u64,
}

impl Token {
    fn is_alive(&self, limits: Limits, clock: u64) -> bool {
        clock < self.expires
            && clock < self.issued + limits.idle
            && clock < self.started + limits.absolute
    }
}

impl Fleet {
    fn play(&mut self, sequence: &Sequence) -> Result<(), String> {
        let end = end(sequence);
        let mut to_come = sequence.deploys.iter().enumerate().peekable();
        for time in START..=end {
            while let Some((ring, deploy)) = to_come.next_if(|(_, deploy)| deploy.at == time) {
                let next = sequence.deploys.get(ring + 1);
                let until = next.map_or(end, |next| next.at + sequence.propagation);
                self.servers.push(start(sequence, ring, deploy, until)?);
            }
            self.servers.retain(|server| time <= server.until);
            self.second(time)?;
        }
        Ok(())
    }

    fn second(&mut self, time: u64) -> Result<(), String> {
        let newest = time + self.skew;
        // The sessions of the second before; slower clocks have tried them.
        let old = self.tokens.len();
        for server in 0..self.servers.len() {
            let is_new = self.servers[server].since == time;
            for clock in if is_new { time } else { newest }..=newest {
                self.sign_in(server, clock)?;
            }
        }
        let mut index = 0;
        // It grows by renewals, which are tried in their turn.
        while index < self.tokens.len() {
            for server in 0..self.servers.len() {
                let is_new = index >= old || self.servers[server].since == time;
                for clock in if is_new { time } else { newest }..=newest {
                    self.visit(server, clock, index)?;
                }
            }
            index += 1;
        }
        // What has ended on every server, by limits that were tightened, is not brought back where they
        // are loosened again.
        let servers = &self.servers;
        let is_alive = |token: &Token, time| {
            let mut servers = servers.iter();
            servers.any(|server| token.is_alive(server.limits, time))
        };
        self.tokens.retain(|token| is_alive(token, time + 1));
        let mut keys = self.tokens.iter().map(|token| token.key);
        let first = keys.next();
        self.run.two_keys |= keys.any(|key| Some(key) != first);
        Ok(())
    }

    fn sign_in(&mut self, server: usize, clock: u64) -> Result<(), String> {
        let Server { ring, codec, .. } = &self.servers[server];
        let sealed = codec
            .start(&Visit, &context(clock), random())
            .map_err(|error| format!("nobody can sign in at {clock} with ring {ring}: {error}"))?;
        let key = self.keep(&sealed);
        self.servers[server].sealed_by.push(key);
        Ok(())
    }

    fn visit(&mut self, server: usize, clock: u64, token: usize) -> Result<(), String> {
        let server = &self.servers[server];
        let token = &self.tokens[token];
        if !token.is_alive(server.limits, clock) {
            return Ok(());
        }
        let lost = |what: &str| {
            format!(
                "{what} at {clock} with ring {}: a session under key {}, sealed at {} for until {}",
                server.ring,
                hex::encode(token.key),
                token.issued,
                token.expires
            )
        };
        let session = server
            .codec
            .open(&token.value, &context(clock))
            .map_err(|error| lost(&format!("refused ({:?})", error.kind())))?;
        self.run.opened += 1;
        // As it would be renewed. A signing in has shown that this server's key seals now.
        let issued = clock.max(token.issued);
        let expires = (issued + server.limits.idle).min(token.started + server.limits.absolute);
        let key = server.sealed_by[(clock - server.since) as usize];
        if self.known.contains(&(key, issued, expires)) {
            return Ok(());
        }
        match server
            .codec
            .renew(&session, &Visit, &context(clock), random())
        {
            Ok(sealed) => {
                self.run.renewed += 1;
                self.keep(&sealed);
                Ok(())
            }
            // Of a clock ahead, and ended for this one in the second that it was made.
            Err(SealError::NoLifetime) if expires <= issued => Ok(()),
            Err(error) => Err(lost(&format!("not renewed ({error:?})"))),
        }
    }

    /// One token for each key, time of issue and end.
    fn keep(&mut self, sealed: &Sealed) -> KeyId {
        let header = URL_SAFE_NO_PAD.decode(&sealed.value()[..8]).unwrap();
        let key: KeyId = header[1..5].try_into().unwrap();
        let claims = sealed.claims();
        let [issued, expires] =
            [claims.issued_at(), claims.expires_at()].map(|time| time.as_secs());
        if self.known.insert((key, issued, expires)) {
            self.tokens.push(Token {
                value: sealed.value().to_owned(),
                key,
                started: claims.started_at().as_secs(),
                issued,
                expires,
            });
        }
        key
    }
}

fn start(sequence: &Sequence, ring: usize, deploy: &Deploy, until: u64) -> Result<Server, String> {
    let keys = key_ring(&deploy.ring).unwrap();
    let codec = Codec::builder(AUDIENCE, &keys)
        .protection(sequence.protection)
        .idle_timeout(Duration::from_secs(deploy.limits.idle))
        .absolute_timeout(Duration::from_secs(deploy.limits.absolute))
        .skew(Duration::from_secs(sequence.skew))
        .dangerous_any_times()
        .build()
        .map_err(|error| {
            format!(
                "no server starts at {} with ring {ring}: {error}",
                deploy.at
            )
        })?;
    Ok(Server {
        ring,
        codec,
        limits: deploy.limits,
        since: deploy.at,
        until,
        sealed_by: Vec::new(),
    })
}

/// When nothing changes any more, and all that was sealed before has ended.
fn end(sequence: &Sequence) -> u64 {
    let last = sequence.deploys.last().unwrap();
    let times = last.ring.iter();
    let times = times.flat_map(|entry| [entry.seal_from, entry.open_until]);
    let latest = times.flatten().max().unwrap_or(0);
    let life = sequence.deploys.iter().map(|deploy| deploy.limits.life());
    latest.max(last.at + sequence.propagation) + life.max().unwrap() + 2 * sequence.skew + 1
}
