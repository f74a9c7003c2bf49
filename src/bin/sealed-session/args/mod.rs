//! What can be asked: the commands and their arguments, and the help that clap makes of them.
//! `common` has those that several commands share.

mod common;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args, Parser, Subcommand};

use crate::input::RingAt;
use crate::store::StoreAt;
pub(crate) use common::{At, Audience, Json, Policy, Store, Timeouts};

/// The command.
pub(crate) const NAME: &str = "sealed-session";

pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  done, or the answer is yes
  1  the answer is no: not safe to deploy, or the cookie does not open
  5  with what was given it cannot be known whether the cookie opens
  2  wrong arguments
  3  what was given cannot be read, or is not what it should be
  4  it could not be done: a file, a store, the clock or the random generator failed

Rings (RING): a FILE, - for standard input, or env:NAME for an environment variable. A key is never
given as an argument.
Times (TIME): 2026-11-22T00:00:00Z. Durations: 60s, 30m, 12h, 90d.

Environment:
  SESSION_AUDIENCE     the audience, where --audience is not given
  SESSION_KEYS         the servers' ring, where --keys is not given
  SESSION_COOKIE       the cookie's full name, where --cookie is not given
  SESSION_REVOCATIONS  the store of revocations, where --store is not given
  SESSION_IDLE_TIMEOUT, SESSION_ABSOLUTE_TIMEOUT, SESSION_SKEW, SESSION_TIMEOUTS
                       where the options of these names are not given

Stores (STORE): a path or file:PATH; s3://BUCKET/PATH, gs://, az://; redis://HOST/0, rediss://;
postgres://HOST/DATABASE. A URL with a password is given by the environment only.";

/// Keys, cookies and revocations of sealed sessions, for operators
#[derive(Debug, Parser)]
#[command(name = "sealed-session", version, after_help = EXIT_CODES, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make, list, check and rotate key rings
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Show what a cookie contains; it is read from standard input
    ///
    /// A cookie's value, a Cookie or Set-Cookie header, or what a browser's tools copy. With keys it also
    /// says what the cookie claims, and whether it opens; for that, cookie name, timeouts and binding must be
    /// the application's. That the application reads this schema and accepts this protection is assumed.
    Inspect(Inspect),
    /// Log out a user, a session, another scope, or everyone
    ///
    /// Durable when the command ends; servers know within their refresh interval.
    Revoke(Revoke),
    /// Make and list a store of revocations
    #[command(subcommand)]
    Revocations(RevocationsCommand),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man {
        /// Write a page for each command to this folder instead
        #[arg(long, value_name = "FOLDER")]
        out: Option<PathBuf>,
    },
    /// Print the version and the token format
    Version,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Make a ring with one new key, for a first deploy
    ///
    /// The key seals from a day ago, so that a server whose clock is behind seals, too. To add a key to a
    /// ring that is in use, see `keys rotate`.
    Generate(Generate),
    /// List the keys of a ring: ids, states and times, never secrets
    List(List),
    /// Print a ring as one line without spaces, for an environment variable
    ///
    /// An .env file, a unit, a console or a shell may cut a value at a space or a line end. This form has none
    /// and needs no quotes.
    OneLine(OneLine),
    /// Say whether deploying a ring can lose sessions
    ///
    /// Compares it with the ring that servers have now. Exits with 0 when nothing is lost, and with 1
    /// when something would be; warnings alone are no reason for 1.
    Check(Check),
    /// Add the next key when it is due, and drop keys that are dead
    ///
    /// Prints the next ring without comments, or changes the file with --in-place and keeps them. Until
    /// something is due the ring stays as it is, so this may run every day. Deploy a changed ring within the
    /// time of --deploy-within.
    Rotate(Rotate),
}

#[derive(Debug, Args)]
pub(crate) struct Generate {
    /// Write it to a new file, readable by its owner alone, instead of printing it
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Whose the file is to be, when root makes it for a service: USER or USER:GROUP
    #[arg(long, value_name = "OWNER", requires = "out")]
    pub(crate) owner: Option<String>,
    #[command(flatten)]
    pub(crate) at: At,
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// The ring
    #[arg(value_name = "RING")]
    pub(crate) ring: RingAt,
    #[command(flatten)]
    pub(crate) audience: Audience,
    #[command(flatten)]
    pub(crate) at: At,
    #[command(flatten)]
    pub(crate) json: Json,
    /// Draw the ring's schedule below the list, as a terminal always gets it
    #[arg(long, conflicts_with = "json")]
    pub(crate) timeline: bool,
    /// Draw the ring's schedule as an SVG image instead
    #[arg(long, conflicts_with_all = ["json", "timeline"])]
    pub(crate) svg: bool,
}

#[derive(Debug, Args)]
pub(crate) struct OneLine {
    /// The ring
    #[arg(value_name = "RING")]
    pub(crate) ring: RingAt,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("against").required(true))]
pub(crate) struct Check {
    /// The ring to deploy
    #[arg(value_name = "RING")]
    pub(crate) ring: RingAt,
    /// The ring that servers have now
    #[arg(long, value_name = "RING", group = "against")]
    pub(crate) deployed: Option<RingAt>,
    /// No server has a ring yet
    #[arg(long, group = "against")]
    pub(crate) first_deploy: bool,
    /// A key that has leaked and goes on purpose: what ends with it is a warning
    #[arg(long, value_name = "KEY_ID")]
    pub(crate) leaked: Vec<String>,
    #[command(flatten)]
    pub(crate) policy: Policy,
    #[command(flatten)]
    pub(crate) at: At,
    #[command(flatten)]
    pub(crate) json: Json,
}

#[derive(Debug, Args)]
pub(crate) struct Rotate {
    /// The ring that servers have now
    #[arg(value_name = "RING")]
    pub(crate) ring: RingAt,
    /// Change the file, whole or not at all, and keep it private
    #[arg(long)]
    pub(crate) in_place: bool,
    /// A key that has leaked: close it at once, which ends its sessions, and replace it if it seals
    #[arg(long, value_name = "KEY_ID")]
    pub(crate) leaked: Option<String>,
    #[command(flatten)]
    pub(crate) policy: Policy,
    /// How long it may take until the ring is published
    #[arg(long, value_name = "DURATION", default_value = "1d", value_parser = humantime::parse_duration)]
    pub(crate) deploy_within: Duration,
    #[command(flatten)]
    pub(crate) at: At,
    /// Say what was done in JSON, with --in-place
    #[arg(long, requires = "in_place")]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// The ring to open with [default: env:SESSION_KEYS, if set]
    #[arg(long, value_name = "RING")]
    pub(crate) keys: Option<RingAt>,
    #[command(flatten)]
    pub(crate) audience: Audience,
    /// The cookie's full name, such as __Host-account: the keys depend on it
    #[arg(long, value_name = "NAME", env = "SESSION_COOKIE")]
    pub(crate) cookie: Option<String>,
    /// The binding that the application passes, in hex
    #[arg(long, value_name = "HEX")]
    pub(crate) binding: Option<String>,
    /// Where the revocations are, as for `revoke`: has the session been revoked?
    #[arg(
        long,
        value_name = "STORE",
        env = "SESSION_REVOCATIONS",
        hide_env_values = true
    )]
    pub(crate) store: Option<StoreAt>,
    /// The key in Redis, or the row in PostgreSQL, where the servers name one
    #[arg(long, value_name = "NAME", requires = "store")]
    pub(crate) store_name: Option<String>,
    /// A scope that the application's session has, such as user=7; each of them, to know for sure
    #[arg(long = "scope", value_name = "KIND=ID")]
    pub(crate) scopes: Vec<String>,
    #[command(flatten)]
    pub(crate) form: IdForm,
    /// The servers have no store, whatever SESSION_REVOCATIONS names, and this revocation epoch: 0
    /// unless they set one
    #[arg(long, value_name = "NUMBER")]
    pub(crate) epoch: Option<u64>,
    #[command(flatten)]
    pub(crate) timeouts: Timeouts,
    #[command(flatten)]
    pub(crate) at: At,
    #[command(flatten)]
    pub(crate) json: Json,
    /// A cookie where none belongs, so that it is not printed
    #[arg(hide = true)]
    pub(crate) misplaced: Option<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct Revoke {
    #[command(subcommand)]
    pub(crate) who: Who,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Who {
    /// Log out users everywhere: the scope "user"
    User {
        /// The ids, as the application's scopes have them
        #[arg(required = true, value_parser = clap::builder::NonEmptyStringValueParser::new())]
        ids: Vec<String>,
        #[command(flatten)]
        form: IdForm,
        #[command(flatten)]
        store: Store,
    },
    /// Log out single sessions
    Session {
        /// The session ids: 16 hex digits, as `inspect` prints them
        #[arg(required = true)]
        ids: Vec<String>,
        #[command(flatten)]
        store: Store,
    },
    /// Log out whatever names this scope, such as a tenant
    Scope {
        /// The kind, as the application's scopes have it
        #[arg(value_parser = clap::builder::NonEmptyStringValueParser::new())]
        kind: String,
        /// The ids
        #[arg(required = true, value_parser = clap::builder::NonEmptyStringValueParser::new())]
        ids: Vec<String>,
        #[command(flatten)]
        form: IdForm,
        #[command(flatten)]
        store: Store,
    },
    /// Log out everyone
    All {
        /// A key has leaked and is closed on every server: end what was forged with it, too
        ///
        /// A forger may have given sessions a clock that is a day ahead. The store's clock steps over it.
        #[arg(long)]
        after_leak: bool,
        #[command(flatten)]
        store: Store,
    },
}

/// How ids are written. A number is its digits, and a UUID its text in small letters with hyphens.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct IdForm {
    /// The ids are bytes, written in hex
    #[arg(long)]
    pub(crate) hex: bool,
    /// The ids are text as it stands, also where it looks like a number or a UUID in another form
    #[arg(long, conflicts_with = "hex")]
    pub(crate) text: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RevocationsCommand {
    /// Make the store, once in its life; everybody who is signed in is signed out
    Create(Create),
    /// List what has been revoked
    ///
    /// The store holds hashes of scopes. Whether one user has been logged out is told by --user.
    List(ListRevoked),
    /// Write the store again under the present sealing key
    ///
    /// Servers that may write do so by themselves. Where all of them may only read, run this after each
    /// rotation, when the new key seals and before the old one is dropped.
    Rekey(Store),
}

#[derive(Debug, Args)]
pub(crate) struct Create {
    #[command(flatten)]
    pub(crate) store: Store,
    /// In the place of a store that was lost: the greatest clock that servers name in their errors
    #[arg(long, value_name = "CLOCK", default_value_t = 0)]
    pub(crate) above: u64,
    /// How far the clocks of servers may differ
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = humantime::parse_duration)]
    pub(crate) skew: Duration,
    /// Whose a new file is to be, when root makes it for a service: USER or USER:GROUP [default: the
    /// owner of the folder]
    #[arg(long, value_name = "OWNER")]
    pub(crate) owner: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ListRevoked {
    #[command(flatten)]
    pub(crate) store: Store,
    #[command(flatten)]
    pub(crate) form: IdForm,
    /// Only this user
    #[arg(long, value_name = "ID", conflicts_with_all = ["session", "scope"], value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) user: Option<String>,
    /// Only this session
    #[arg(long, value_name = "SESSION_ID", conflicts_with = "scope")]
    pub(crate) session: Option<String>,
    /// Only this scope
    #[arg(long, num_args = 2, value_names = ["KIND", "ID"])]
    pub(crate) scope: Option<Vec<String>>,
}
