//! WMS as a standalone program. `wms-synth --help` lists its options.

use std::process::ExitCode;

use nice_plug::prelude::nice_export_standalone;
use wms_plugin::WmsPlugin;

fn main() -> ExitCode {
    if nice_export_standalone::<WmsPlugin>() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
