// SPDX-License-Identifier: MIT
//! W4, tokio: a million tasks, each sleeping 0 to 1 s, twice.

use std::time::{Duration, Instant};
use trine_bench_peers::*;

fn length(i: u64) -> Duration {
    let mut x = (i + 1).wrapping_mul(0x9E3779B97F4A7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D049BB133111EB);
    Duration::from_nanos((x ^ (x >> 31)) % 1_000_000_000)
}

async fn sleeper(length: Duration) -> Duration {
    let start = Instant::now();
    tokio::time::sleep(length).await;
    start.elapsed() - length
}

async fn measure(name: &str, sleepers: u64) {
    let (wall, start) = (Instant::now(), cpu());
    let tasks: Vec<_> = (0..sleepers).map(|i| tokio::spawn(sleeper(length(i)))).collect();
    let (mut sum, mut max) = (Duration::ZERO, Duration::ZERO);
    for task in tasks {
        let late = task.await.unwrap();
        sum += late;
        max = max.max(late);
    }
    report(&format!("{name}_cpu"), (cpu() - start) / 1e9, "s");
    report(&format!("{name}_wall"), wall.elapsed().as_secs_f64(), "s");
    report(&format!("{name}_late_mean"), sum.as_secs_f64() * 1e3 / sleepers as f64, "ms");
    report(&format!("{name}_late_max"), max.as_secs_f64() * 1e3, "ms");
}

fn main() {
    run(async {
        measure("fresh", count(1_000_000) as u64).await;
        measure("warm", count(1_000_000) as u64).await;
        report("timers_peak", status("VmHWM:") / (1 << 20) as f64, "MiB");
    });
}
