// SPDX-License-Identifier: MIT
//! W1, tokio: yield_now in two and in a thousand tasks.

use trine_bench_peers::*;

async fn round_robin(members: usize, switches: usize) -> f64 {
    let start = cpu();
    let tasks: Vec<_> = (0..members)
        .map(|_| {
            tokio::spawn(async move {
                for _ in 0..switches / members {
                    tokio::task::yield_now().await
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap()
    }
    (cpu() - start) / switches as f64
}

fn main() {
    run(async {
        let switches = count(5_000_000);
        report("yield_2", round_robin(2, switches).await, "ns");
        report("yield_1000", round_robin(1000, switches).await, "ns");
    });
}
