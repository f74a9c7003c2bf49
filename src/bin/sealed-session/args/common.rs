//! Arguments that several commands share.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use sealed_session::{RotationPolicy, UnixTime};

use crate::input::RingAt;
use crate::output::Failure;

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
        Ok(RotationPolicy::new(self.audience.get()?)
            .idle_timeout(self.timeouts.idle_timeout)
            .absolute_timeout(self.timeouts.absolute_timeout)
            .skew(self.timeouts.skew)
            .propagation(self.propagation)
            .period(self.period))
    }
}

#[derive(Debug, Args)]
pub(crate) struct Timeouts {
    /// The sessions' idle timeout; while it is being changed, the longer one
    #[arg(long, value_name = "DURATION", default_value = "30m", value_parser = humantime::parse_duration)]
    pub(crate) idle_timeout: Duration,
    /// The sessions' absolute timeout, likewise
    #[arg(long, value_name = "DURATION", default_value = "12h", value_parser = humantime::parse_duration)]
    pub(crate) absolute_timeout: Duration,
    /// How far the clocks of servers may differ
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = humantime::parse_duration)]
    pub(crate) skew: Duration,
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
    /// The file store
    #[arg(
        long,
        value_name = "FILE",
        env = "SESSION_REVOCATIONS",
        hide_env_values = true
    )]
    pub(crate) store: PathBuf,
    /// The servers' ring
    #[arg(long, value_name = "RING", default_value = "env:SESSION_KEYS")]
    pub(crate) keys: RingAt,
    #[command(flatten)]
    pub(crate) audience: Audience,
    #[command(flatten)]
    pub(crate) json: Json,
}
