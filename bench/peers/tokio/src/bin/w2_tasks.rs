// SPDX-License-Identifier: MIT
//! W2, tokio: spawn and await one at a time and by the thousand; a million parked tasks.

use std::sync::Arc;
use tokio::sync::Notify;
use trine_bench_peers::*;

async fn spawn(tasks: usize) {
    let start = cpu();
    for _ in 0..tasks {
        tokio::spawn(async {}).await.unwrap()
    }
    report("spawn_one", (cpu() - start) / tasks as f64, "ns");

    let start = cpu();
    for _ in 0..tasks / 1000 {
        let batch: Vec<_> = (0..1000).map(|_| tokio::spawn(async {})).collect();
        for task in batch {
            task.await.unwrap()
        }
    }
    report("spawn_1000", (cpu() - start) / tasks as f64, "ns");
}

/// A tokio task has no stack, so the figure also stands for waiting without one.
async fn alive(tasks: usize) {
    let never = Arc::new(Notify::new());
    let (before, start) = (memory(), cpu());
    for _ in 0..tasks {
        let never = never.clone();
        tokio::spawn(async move { never.notified().await });
    }
    while Arc::strong_count(&never) <= tasks {
        tokio::task::yield_now().await
    }
    tokio::time::sleep(std::time::Duration::from_millis(200)).await; // until all have run
    let each = (memory() - before) / tasks as f64;
    report("parked_create", (cpu() - start) / tasks as f64, "ns");
    report("parked_bytes", each, "B");
    report("waiting_bytes", each, "B");
    report("parked_count", tasks as f64, "tasks");
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    report("parked_maps", maps.lines().count() as f64, "maps");
}

fn main() {
    run(async {
        spawn(count(2_000_000)).await;
        alive(count(1_000_000)).await;
        std::process::exit(0);
    });
}
