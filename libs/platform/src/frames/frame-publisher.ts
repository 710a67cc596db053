import { activityFrame, conversationFrame, controlFrame, redisNames } from '@parley/contracts';
import type { ActivityFrame, ControlFrame, ConversationFrame } from '@parley/contracts';
import type { Redis } from 'ioredis';

/** Says what is only interesting now. Frames of an answer's text are published by the answer log. */
export class FramePublisher {
  readonly #redis: Redis;

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  async toConversation(conversationId: string, frame: ConversationFrame): Promise<void> {
    const payload = JSON.stringify(conversationFrame.write.parse(frame));
    await this.#redis.publish(redisNames.conversationChannel(conversationId), payload);
  }

  async toAdmins(frame: ActivityFrame): Promise<void> {
    await this.#redis.publish(redisNames.activityChannel, JSON.stringify(activityFrame.write.parse(frame)));
  }

  async toWorkers(frame: ControlFrame): Promise<void> {
    await this.#redis.publish(redisNames.controlChannel, JSON.stringify(controlFrame.write.parse(frame)));
  }
}
