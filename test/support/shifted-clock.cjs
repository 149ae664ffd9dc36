/** Loaded before a program (`node --require`): its clock shows CLOCK_AHEAD_MS more than the machine's. */
const ahead = Number(process.env.CLOCK_AHEAD_MS);
const MachineDate = Date;

class ShiftedDate extends MachineDate {
  constructor(...args) {
    if (args.length === 0) super(MachineDate.now() + ahead);
    else super(...args);
  }

  static now() {
    return MachineDate.now() + ahead;
  }
}

globalThis.Date = ShiftedDate;
