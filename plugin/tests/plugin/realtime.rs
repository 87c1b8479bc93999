//! The audio thread allocates and frees nothing. A development build of the plugin aborts its process when
//! it does, so the test plays in a child process.

use std::process::Command;

use crate::directions::steered_model;
use crate::host::{Act, Host, blocks, off, on};
use crate::projects::{other_model, with_model};

const CHILD: &str = "WMS_PLUGIN_CHILD";

#[test]
fn nothing_is_allocated_while_it_plays() {
    if std::env::var_os(CHILD).is_none() {
        let program = std::env::current_exe().unwrap();
        let name = "realtime::nothing_is_allocated_while_it_plays";
        let child = Command::new(program).args(["--exact", name]).env(CHILD, "1").output().unwrap();
        let said = String::from_utf8_lossy(&child.stderr);
        assert!(child.status.success(), "{said}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut host = Host::new();
    host.reset();
    let state = host.save();
    let other = with_model(&state, &other_model(folder.path()));
    let steered = with_model(&state, &steered_model(folder.path()));
    let axis = host.param("Timbre 2").id;
    let mode = host.param("Mode").id;
    let voices = host.param("Voices").id;
    for round in 0..6u16 {
        let mut acts: Vec<(usize, Act)> = (0..40).map(|i| (i * 97, on(40 + i as u16))).collect();
        acts.extend([
            (10, Act::Set { param: axis, value: 1.0 }),
            (20, Act::Set { param: mode, value: f64::from(round % 3) }),
            (30, Act::Set { param: voices, value: f64::from(4 + 10 * round) }),
            (700, Act::Modulate { param: axis, id: 41, amount: 0.5 }),
            (800, Act::Tune { id: 41, semitones: 2.0 }),
            (900, Act::Midi([0xE0, 5, 90])),
            (1000, Act::Midi([0xB0, 64, 127])),
            (1100, Act::Midi([0xB0, 21, 60])),
            (1200, Act::Midi([0xD0, 60, 0])),
            (1300, Act::Midi([0xB0, 121, 0])),
            (1400, Act::Midi([0xB0, 120, 0])),
        ]);
        acts.extend((0..40).map(|i| (4500 + i * 31, off(40 + i as u16))));
        acts.sort_by_key(|(at, _)| *at);
        host.play(&blocks(9600, 333), &acts);
        assert!(host.restore([&steered, &other, &state][usize::from(round) % 3]));
    }
}
