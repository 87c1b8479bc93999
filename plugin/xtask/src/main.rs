//! `cargo run -p wms-plugin-xtask -- bundle wms-plugin --release`: builds the plugin and the program, and lays
//! them out under `target/bundled/` as the platform wants them.

use nice_plug_xtask::Result;

fn main() -> Result<()> {
    nice_plug_xtask::main()
}
