import { Module, type MiddlewareConsumer, type NestModule, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { type HttpAdapter } from '../../common/http/http-adapter.js';
import { PlaygroundController } from './playground.controller.js';
import { playgroundHeaders, serveAssets } from './playground-files.js';

/** A page at / that sends requests and plots the series of both messages. */
@Module({ controllers: [PlaygroundController] })
export class PlaygroundModule implements NestModule, OnModuleInit {
  constructor(private readonly adapterHost: HttpAdapterHost<HttpAdapter>) {}

  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(playgroundHeaders).forRoutes(PlaygroundController);
  }

  onModuleInit(): void {
    serveAssets(this.adapterHost.httpAdapter);
  }
}
