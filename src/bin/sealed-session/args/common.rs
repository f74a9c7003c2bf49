//! Arguments that several commands share.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use sealed_session::{RotationPolicy, UnixTime};

use crate::input::RingAt;
use crate::output::Failure;
use crate::store::StoreAt;

/// How sessions and deploys are.
#[derive(Debug, Args)]
pub(crate) struct Policy {
    #[command(flatten)]
    pub(crate) audience: Audience,
    #[command(flatten)]
    pub(crate) timeouts: Timeouts,
    /// The longest time from publishing a ring until no process uses an older one
    #[arg(long, value_name = "DURATION", default_value = "1d", value_parser = humantime::parse_duration)]
    propagation: Duration,
    /// How long a key seals before the next one takes over
    #[arg(long, value_name = "DURATION", default_value = "90d", value_parser = humantime::parse_duration)]
    period: Duration,
}

impl Policy {
    pub(crate) fn rotation(&self) -> Result<RotationPolicy, Failure> {
        let longest = self.timeouts.longest()?;
        Ok(RotationPolicy::new(self.audience.get()?)
            .idle_timeout(longest.life)
            .absolute_timeout(longest.life)
            .skew(longest.skew)
            .propagation(self.propagation)
            .period(self.period))
    }
}

/// Those of every kind of session whose cookies are under the ring. The longest counts.
#[derive(Debug, Args)]
pub(crate) struct Timeouts {
    /// The longest idle timeout of any sessions; while it is being changed, the longer one [default: 30m]
    #[arg(long, value_name = "DURATION", env = "SESSION_IDLE_TIMEOUT", value_parser = humantime::parse_duration)]
    pub(crate) idle_timeout: Option<Duration>,
    /// The longest absolute timeout of any sessions, likewise [default: 12h]
    #[arg(long, value_name = "DURATION", env = "SESSION_ABSOLUTE_TIMEOUT", value_parser = humantime::parse_duration)]
    pub(crate) absolute_timeout: Option<Duration>,
    /// How far the clocks of servers may differ [default: 60s]
    #[arg(long, value_name = "DURATION", env = "SESSION_SKEW", value_parser = humantime::parse_duration)]
    pub(crate) skew: Option<Duration>,
    /// A file with a line for each kind of session, as the library's `Sessions::timeouts` prints it;
    /// `inspect` goes by its cookie's line
    #[arg(long, value_name = "FILE", env = "SESSION_TIMEOUTS")]
    pub(crate) timeouts: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Audience {
    /// The sessions' audience, as servers have it; key ids depend on it
    #[arg(long, env = "SESSION_AUDIENCE", hide_env_values = true)]
    audience: Option<String>,
}

impl Audience {
    pub(crate) fn get(&self) -> Result<&str, Failure> {
        let given = self.audience.as_deref().filter(|given| !given.is_empty());
        given.ok_or_else(|| {
            Failure::usage(
                "the audience is not given",
                "give --audience, or set SESSION_AUDIENCE, to what the servers have",
            )
        })
    }
}

#[derive(Debug, Args)]
pub(crate) struct At {
    /// Answer as of this time instead of now
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<UnixTime>,
}

#[derive(Debug, Args)]
pub(crate) struct Json {
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Where the revocations are.
#[derive(Debug, Args)]
pub(crate) struct Store {
    /// The store: a file, or a URL such as redis://host/0
    #[arg(
        long,
        value_name = "STORE",
        env = "SESSION_REVOCATIONS",
        hide_env_values = true
    )]
    pub(crate) store: StoreAt,
    /// The key in Redis, or the row in PostgreSQL, where the servers name one
    #[arg(long, value_name = "NAME")]
    pub(crate) store_name: Option<String>,
    /// The servers' ring
    #[arg(long, value_name = "RING", default_value = "env:SESSION_KEYS")]
    pub(crate) keys: RingAt,
    #[command(flatten)]
    pub(crate) audience: Audience,
    #[command(flatten)]
    pub(crate) json: Json,
}
