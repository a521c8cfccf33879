import { Module } from '@nestjs/common';
import { PlaygroundController } from './playground.controller.js';

/** What a person meets at /: a page that plots bodies and responses, or an index of the routes. */
@Module({ controllers: [PlaygroundController] })
export class PlaygroundModule {}
