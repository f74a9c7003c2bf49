//! A fleet on paper: what 10, 1,000 and 10,000 servers ask of a store of each kind. Each logs somebody out every
//! 1,000 seconds, keeps entries for 35 minutes, and loads every 5 seconds.

use std::time::Duration;

use crate::world::Latency;
use crate::{run, seconds, within};

/// Logouts a second on each server.
const LOGOUTS: f64 = 0.001;
/// Of a default session, with its idle timeout.
const KEPT: f64 = 35.0 * 60.0;
const INTERVAL: f64 = 5.0;
/// A load comes up to a quarter before its interval has gone, by chance.
const MEAN: f64 = 0.875 * INTERVAL;
/// From a logout to the next load, on average: docs/REVOCATION.md, "How soon".
const UNTIL_LOAD: f64 = 2.2;
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
}

const fn latency(load_micros: u64, replace_micros: u64) -> Latency {
    Latency {
        load: Duration::from_micros(load_micros),
        replace: Duration::from_micros(replace_micros),
    }
}

/// What each takes in the same region is an assumption; a disk that syncs, some milliseconds.
const ENGINES: [Engine; 4] = [
    Engine {
        name: "file",
        latency: latency(50, 5_000),
        pushes: false,
        one_machine: true,
        by_request: false,
    },
    Engine {
        name: "S3",
        latency: latency(30_000, 80_000),
        pushes: false,
        one_machine: false,
        by_request: true,
    },
    Engine {
        name: "Redis",
        latency: latency(1_000, 1_000),
        pushes: true,
        one_machine: false,
        by_request: false,
    },
    Engine {
        name: "PostgreSQL",
        latency: latency(1_000, 5_000),
        pushes: true,
        one_machine: false,
        by_request: false,
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
    let polls = fleet / MEAN;
    // Each write brings one load of the document to each server: at once, 20 times a second at the most, or by the
    // next poll.
    let changes = if engine.pushes {
        writes.min(20.0)
    } else {
        writes.min(1.0 / MEAN)
    };
    let pushed = if engine.pushes { fleet * changes } else { 0.0 };
    let requests = polls + pushed + 2.0 * writes;
    let dollars = if engine.by_request {
        format!("{:.0}", (polls * GET + writes * (GET + PUT)) * MONTH)
    } else if engine.one_machine {
        "0".into()
    } else {
        format!("from {NODE:.0}")
    };
    let load = engine.latency.load.as_secs_f64();
    let effect = if engine.pushes {
        // Half of the least time between two pushed loads, where writes follow one another.
        format!(
            "{:.0} ms",
            (load + 0.05 * (writes * 0.05).min(1.0)) * 1000.0
        )
    } else {
        format!("{:.1} s", UNTIL_LOAD + load)
    };
    // As many logouts as in a hundred seconds of the largest fleet, or in 20 minutes.
    let lasts = Duration::from_secs_f64((1000.0 / writes).min(1200.0));
    let took = run(servers, LOGOUTS, engine.latency, lasts)?;
    let failed = took.iter().filter(|took| took.is_none()).count();
    println!(
        "| {} | {servers} | {} | {requests:.0} | {} | {dollars} | {effect} | {} | {} | {:.0} % |",
        engine.name,
        size(document),
        size(fleet * changes * document),
        seconds(within(&took, 50)),
        seconds(within(&took, 95)),
        100.0 * failed as f64 / took.len() as f64,
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
