//! A fleet on paper: what 10, 1,000 and 10,000 servers ask of a store of each kind. Each logs somebody out every
//! 1,000 seconds, keeps entries for 35 minutes, and loads every 5 seconds.

use std::time::Duration;

use crate::world::Latency;
use crate::{Follows, INTERVAL, Load, run, seconds, within};

/// Logouts a second on each server.
const LOGOUTS: f64 = 0.001;
/// Of a default session, with its idle timeout.
const KEPT: f64 = 35.0 * 60.0;
/// The least time between two loads that the store's news bring, in seconds.
const GAP: f64 = 0.05;
/// From a logout to the next load, on average: docs/REVOCATION.md, "How soon".
const UNTIL_LOAD: f64 = 2.2;
/// How many logouts the times are taken from, on average.
const SAMPLES: f64 = 500.0;
const MONTH: f64 = 30.0 * 86_400.0;

/// Dollars: S3 Standard, for a thousand requests; the smallest node of ElastiCache (cache.t4g.micro) and of RDS for
/// PostgreSQL (db.t4g.micro), for an hour. us-east-1, <https://aws.amazon.com/s3/pricing/>,
/// <https://aws.amazon.com/elasticache/pricing/>, <https://aws.amazon.com/rds/postgresql/pricing/>.
const GET: f64 = 0.0004 / 1000.0;
const PUT: f64 = 0.005 / 1000.0;
const NODE: f64 = 0.016 * MONTH / 3600.0;

struct Engine {
    name: &'static str,
    latency: Latency,
    pushes: bool,
    /// All servers are processes of one machine.
    one_machine: bool,
    by_request: bool,
    /// How many round trips a load takes that finds a new document.
    trips: f64,
}

const fn latency(load_micros: u64, replace_micros: u64) -> Latency {
    Latency {
        load: Duration::from_micros(load_micros),
        replace: Duration::from_micros(replace_micros),
    }
}

/// What each takes in the same region is an assumption: a round trip to Redis or PostgreSQL a millisecond, a disk that
/// syncs some.
const ENGINES: [Engine; 4] = [
    Engine {
        name: "file",
        latency: latency(50, 5_000),
        pushes: false,
        one_machine: true,
        by_request: false,
        trips: 1.0,
    },
    Engine {
        name: "S3",
        latency: latency(30_000, 80_000),
        pushes: false,
        one_machine: false,
        by_request: true,
        trips: 1.0,
    },
    Engine {
        name: "Redis",
        latency: latency(3_000, 1_000),
        pushes: true,
        one_machine: false,
        by_request: false,
        trips: 3.0,
    },
    Engine {
        name: "PostgreSQL",
        latency: latency(1_000, 5_000),
        pushes: true,
        one_machine: false,
        by_request: false,
        trips: 1.0,
    },
];

pub(crate) fn table() -> Result<(), Box<dyn std::error::Error>> {
    println!(
        "| store | servers | document | requests a second | sent a second | dollars a month | takes effect after | half acknowledged within | 95 % within | failed |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for engine in &ENGINES {
        for servers in [10_u64, 1000, 10_000] {
            if !engine.one_machine || servers == 10 {
                row(engine, servers)?;
            }
        }
    }
    Ok(())
}

fn row(engine: &Engine, servers: u64) -> Result<(), Box<dyn std::error::Error>> {
    let fleet = servers as f64;
    let writes = fleet * LOGOUTS;
    let document = 62.0 + 20.0 * writes * KEPT;
    // A load comes up to a quarter before its interval has gone, by chance.
    let mean = 0.875 * INTERVAL.as_secs_f64();
    let unchanged = (-writes * mean).exp();
    // Of one server, a second: those that find another document, and all. Writes come at random.
    let (changed, loads) = if engine.pushes {
        let told = writes / (1.0 + writes * GAP);
        (told, told / (1.0 - (-told * mean).exp()))
    } else {
        ((1.0 - unchanged) / mean, 1.0 / mean)
    };
    // Its connections and its traffic are more than one server of such an engine takes.
    let is_too_much = engine.pushes && servers > 1000;
    let outcome = if is_too_much {
        None
    } else {
        let follows = if engine.pushes {
            Follows::Told
        } else {
            Follows::Polls
        };
        Some(run(Load {
            servers,
            each: LOGOUTS,
            lasts: Duration::from_secs_f64(SAMPLES / writes),
            latency: engine.latency,
            follows,
        })?)
    };
    let (puts, acknowledged) = match &outcome {
        // The first one makes the store.
        Some(outcome) => {
            let took = &outcome.took;
            let failed = took.iter().filter(|took| took.is_none()).count();
            let acknowledged = format!(
                "{} | {} | {:.0} %",
                seconds(within(took, 50)),
                seconds(within(took, 95)),
                100.0 * failed as f64 / took.len() as f64
            );
            let puts = (outcome.replaces - 1) as f64 / took.len() as f64;
            (writes * puts, acknowledged)
        }
        None => (writes, "- | - | -".into()),
    };
    // A put that came second is followed by a load.
    let again = puts - writes;
    let gets = fleet * loads + again;
    let sent = (fleet * changed + again) * document;
    let requests = gets + (fleet * changed + again) * (engine.trips - 1.0) + puts;
    let dollars = match (engine.by_request, engine.one_machine) {
        (true, _) => format!("{:.0}", (gets * GET + puts * PUT) * MONTH),
        (false, true) => "0".into(),
        (false, false) if servers == 10 => format!("{NODE:.0}"),
        (false, false) => "-".into(),
    };
    let load = engine.latency.load.as_secs_f64();
    let effect = if is_too_much {
        "-".into()
    } else if engine.pushes {
        // Half of the least time between two loads, where another write came just before.
        let wait = GAP / 2.0 * (writes * GAP).min(1.0);
        format!("{:.0} ms", (load + wait) * 1000.0)
    } else {
        format!("{:.1} s", UNTIL_LOAD + load)
    };
    println!(
        "| {} | {servers} | {} | {requests:.0} | {} | {dollars} | {effect} | {acknowledged} |",
        engine.name,
        size(document),
        size(sent),
    );
    Ok(())
}

fn size(bytes: f64) -> String {
    match bytes {
        ..1e3 => format!("{bytes:.0} B"),
        ..1e6 => format!("{:.0} kB", bytes / 1e3),
        ..1e9 => format!("{:.0} MB", bytes / 1e6),
        _ => format!("{:.1} GB", bytes / 1e9),
    }
}
