/** Preloaded into a process: its clock is off by `CLOCK_SHIFT_MS`. */
const shiftMs = Number(process.env.CLOCK_SHIFT_MS);
const { Date: RightDate } = globalThis;

globalThis.Date = class extends RightDate {
  constructor(...parts: unknown[]) {
    // As `new Date` takes them; a subclass cannot say that.
    super(...((parts.length === 0 ? [RightDate.now() + shiftMs] : parts) as [number]));
  }

  static override now(): number {
    return RightDate.now() + shiftMs;
  }
} as DateConstructor;
