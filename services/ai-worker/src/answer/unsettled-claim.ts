/**
 * History has not said what became of a claim: it may have been made or may still be. The next try makes it again under its id,
 * or a run is used up that nobody has begun.
 */
export class UnsettledClaim extends Error {
  override readonly name = 'UnsettledClaim';
  readonly claimId: string;

  constructor(claimId: string, cause: unknown) {
    super('History has not answered a claim', { cause });
    this.claimId = claimId;
  }
}
